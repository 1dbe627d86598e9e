"""The step ``decode``: the input's pixels, the recipe for them and the size of the result."""

from __future__ import annotations

from upscaler.engine.imaging.decode import decode
from upscaler.engine.imaging.formats import check_result_size
from upscaler.engine.model_zoo.recipe_builder import recipe_for
from upscaler.engine.steps.job import DECODED, Job


def decode_image(job: Job) -> None:
    """Decode the input, and find out what becomes of it."""
    job.image = decode(job.source, keep_metadata=job.options.keep_metadata, deep=job.kind.deep)
    model = None if job.options.model is None else job.upscaler.model_named(job.options.model)
    job.recipe = recipe_for(job.options, *job.image.size, model)
    job.result_size = job.options.result_size(*job.image.size)
    check_result_size(*job.result_size, job.kind)
    job.progress.report(DECODED)

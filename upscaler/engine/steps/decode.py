"""The step ``decode``: the input's pixels, the recipe for them and the size of the result."""

from __future__ import annotations

from upscaler.engine.imaging.camera_raw import refuse_camera_raw
from upscaler.engine.imaging.decode import decode
from upscaler.engine.imaging.formats import check_result_size, format_for_extension, format_of_content
from upscaler.engine.imaging.jpeg_trace import JpegTrace
from upscaler.engine.imaging.opening import read_head
from upscaler.engine.model_zoo.recipe_builder import recipe_for
from upscaler.engine.notes import Note
from upscaler.engine.presets import source_of
from upscaler.engine.steps.job import DECODED, Job


def decode_image(job: Job) -> None:
    """Decode the input, and find out what becomes of it."""
    kind = format_of_content(read_head(job.source))
    if kind is not None:
        refuse_camera_raw(job.source.name, kind.name)
    job.image = decode(job.source, keep_metadata=job.options.keep_metadata, deep=job.kind.deep)
    named = format_for_extension(job.source.suffix[1:])
    if kind is not None and named is not None and named != kind:
        job.image.notes.append(Note("name_mismatch", {"named": named.label, "format": kind.label}))
    model = None if job.options.model is None else job.upscaler.model_named(job.options.model)
    job.result_size = job.options.result_size(*job.image.size)
    check_result_size(*job.result_size, job.kind)
    # Where a model was named, the device does not matter, and none has to be chosen yet.
    on_processor = job.options.model is not None or job.upscaler.on_processor(job.attempts)
    if job.jpeg_quality is not None:
        job.image.jpeg = JpegTrace(job.jpeg_quality, "whole")
    source = source_of(job.image.jpeg.quality if job.image.jpeg else None)
    job.recipe = recipe_for(job.options, source, job.image.size, model, on_processor=on_processor)
    job.progress.report(DECODED)

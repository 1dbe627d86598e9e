"""The step ``alpha``: the upscaled transparency."""

from __future__ import annotations

import numpy as np

from upscaler.engine.imaging.alpha import has_shape, limit_to_source
from upscaler.engine.model_zoo.recipe_builder import shape_stages
from upscaler.engine.progress import stage_part
from upscaler.engine.steps.job import ALPHA_SHARE, DECODED, Job, three_channels


def upscale_alpha(job: Job) -> None:
    """Upscale transparency by the fast, faithful model on three equal channels: as crisp as the colour."""
    job.alphas = [job.image.alpha]
    stages = shape_stages(job.recipe)
    for number, stage in enumerate(stages):
        source = job.alphas[-1]
        if source is None or stage.scale == 1:
            job.alphas.append(source)
            continue
        height, width = source.shape
        shape = (height * stage.scale, width * stage.scale, 1)
        if not has_shape(source):
            uniform = job.scratch.pixels(shape, source.dtype)
            uniform[:] = source.flat[0]
            job.alphas.append(uniform[..., 0])
            continue
        cached = job.scratch.tiles(f"alpha-{number}", shape, source.dtype)
        upscaled = cached.pixels
        job.alphas.append(upscaled[..., 0])
        run = job.upscaler_for(stage).upscale(
            three_channels(source[..., np.newaxis]),
            stage,
            upscaled,
            on_progress=job.progress.part(*stage_part(stages, number, DECODED, DECODED + ALPHA_SHARE)),
            should_stop=job.should_stop,
            tiles=cached.tiles,
            attempts=job.attempts,
        )
        job.alpha_runs.append(run)
        # Pixels of a resumed run went through it before: it does not change them again.
        limit_to_source(upscaled[..., 0], source, stage.scale)

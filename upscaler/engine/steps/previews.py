"""The step ``previews``: small copies of the result and of the input."""

from __future__ import annotations

import numpy as np

from upscaler.engine.imaging.preview import write_preview_of_file, write_preview_of_pixels
from upscaler.engine.steps.job import Job


def write_previews(job: Job) -> None:
    """Write the previews, if they were asked for."""
    if job.previews is None:
        return
    write_preview_of_file(job.target, job.previews.result)
    image = job.image
    parts = [image.rgb] if image.alpha is None else [image.rgb, image.alpha[..., np.newaxis]]
    write_preview_of_pixels(np.concatenate(parts, axis=2), image.profile, job.previews.original)

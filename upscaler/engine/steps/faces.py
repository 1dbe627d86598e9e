"""The step ``faces``: the refined faces, in their size after the first stage that upscales."""

from __future__ import annotations

from upscaler.engine.faces.refine import FaceWork, refine_faces, stage_for_faces
from upscaler.engine.imaging.alpha import bleed_colour, has_shape
from upscaler.engine.model_zoo.recipe_builder import face_recipe
from upscaler.engine.steps.job import ALPHA_SHARE, DECODED, FACES_SHARE, Job


def restore_faces(job: Job) -> None:
    """Find and restore the faces, if asked to."""
    if not job.options.refine_faces:
        return
    image = job.image
    _, scale = stage_for_faces(job.recipe)
    bundled = face_recipe(job.options, scale)
    upscaler = job.upscaler if bundled is None else job.upscaler_for(bundled)
    if not upscaler.runs_models(job.attempts):
        # What stands in for the models does no better on faces than on the rest.
        bundled = None
    start = DECODED + (ALPHA_SHARE if has_shape(image.alpha) else 0)
    job.faces = refine_faces(
        FaceWork(
            source=image.rgb if image.alpha is None else bleed_colour(image.rgb, image.alpha),
            channels=1 if image.gray else 3,
            scale=scale,
            faces=job.face_models,
            upscaler=upscaler,
            bundled=bundled,
            scratch=job.scratch,
            on_progress=job.progress.part(start, start + FACES_SHARE),
            should_stop=job.should_stop,
            attempts=job.attempts,
        )
    )
    image.notes.extend(job.faces.notes())

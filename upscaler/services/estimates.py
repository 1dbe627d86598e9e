"""How long a job will take, from what the last jobs took."""

from __future__ import annotations

import math

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from upscaler.engine.presets import Recipe
from upscaler.models import Job, JobStatus, Upload

# Jobs of a recipe that the estimate looks back on.
LOOK_BACK = 20


def seconds_per_megapixel(session: Session, recipe: Recipe) -> float:
    """Return the time per million input pixels: measured on the last jobs of this recipe, else the recipe's guess."""
    recent = (
        select(Job.duration_seconds, (Upload.width * Upload.height).label("pixels"))
        .join(Upload, Job.upload_id == Upload.id)
        .where(Job.status == JobStatus.COMPLETED.value, Job.model == recipe.name, Job.duration_seconds > 0)
        .order_by(Job.finished_at.desc())
        .limit(LOOK_BACK)
        .subquery()
    )
    seconds, pixels = session.execute(
        select(func.sum(recent.c.duration_seconds), func.sum(recent.c.pixels))
    ).one()
    if not pixels:
        return recipe.seconds_per_megapixel
    return float(seconds) / (float(pixels) / 1e6)


def own_seconds(session: Session, recipe: Recipe, pixels: int) -> int:
    """Return how long a worker will be busy with a picture of ``pixels`` input pixels, at least one second."""
    return max(1, math.ceil(seconds_per_megapixel(session, recipe) * pixels / 1e6))


def waiting_seconds(session: Session, job: Job, workers: int) -> int:
    """Return how long a queued job waits until the jobs that came before it are done."""
    waiting = [JobStatus.QUEUED.value, JobStatus.RUNNING.value]
    earlier = select(func.sum(Job.estimated_seconds)).where(
        Job.status.in_(waiting), Job.created_at <= job.created_at, Job.id != job.id
    )
    return math.ceil((session.scalar(earlier) or 0) / max(1, workers))


def seconds_until_done(session: Session, job: Job, workers: int) -> int:
    """Return how long a queued or running job still takes, its wait included; 0 for one that has ended."""
    if job.state.ended:
        return 0
    if job.state is JobStatus.RUNNING:
        return max(1, math.ceil(job.estimated_seconds * (100 - job.progress) / 100))
    return waiting_seconds(session, job, workers) + job.estimated_seconds

"""How long a job will take, from what the last jobs took."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from upscaler.engine.presets import Recipe
from upscaler.models import Job, JobStatus, Upload
from upscaler.services import scheduling

# Jobs of a recipe that the estimate looks back on.
LOOK_BACK = 20
# Shorter times say more about the clock than about the work.
_SHORTEST_SECONDS = 0.05


@dataclass(frozen=True)
class Cost:
    """What a picture costs: ``fixed`` seconds, and more for each million input pixels."""

    fixed: float
    per_megapixel: float

    def seconds(self, pixels: int) -> float:
        """Return the time for a picture of so many input pixels."""
        return self.fixed + self.per_megapixel * pixels / 1e6


def cost_of(session: Session, recipe: Recipe) -> Cost:
    """Return the cost as measured on the last jobs of this recipe, or the recipe's guess before there are any."""
    recent = session.execute(
        select(Upload.width * Upload.height, Job.work_seconds)
        .join(Upload, Job.upload_id == Upload.id)
        .where(
            Job.status == JobStatus.COMPLETED.value, Job.model == recipe.name, Job.work_seconds.is_not(None)
        )
        .order_by(Job.finished_at.desc())
        .limit(LOOK_BACK)
    )
    measured = [(pixels / 1e6, max(seconds or 0.0, _SHORTEST_SECONDS)) for pixels, seconds in recent]
    return fit(measured) if measured else Cost(0.0, recipe.seconds_per_megapixel)


def fit(measured: Sequence[tuple[float, float]]) -> Cost:
    """Return the cost that comes nearest to pairs of megapixels and seconds, all above zero.

    Weighted least squares (Gauss): each pair weighs by the inverse square of its seconds, so that what becomes small is
    the relative error, of small pictures as of large ones. Neither part of a cost is below zero.
    """
    # With x = megapixels / seconds and y = 1 / seconds, fixed * y + slope * x = 1 should hold for every pair.
    pairs = [(megapixels / seconds, 1 / seconds) for megapixels, seconds in measured]
    xx = sum(x * x for x, _ in pairs)
    xy = sum(x * y for x, y in pairs)
    yy = sum(y * y for _, y in pairs)
    sx, sy = sum(x for x, _ in pairs), sum(y for _, y in pairs)
    determinant = xx * yy - xy * xy
    # Pictures of one size cannot tell the two parts apart; then all of it counts as work on pixels.
    if determinant <= 1e-6 * xx * yy:
        return Cost(0.0, sx / xx)
    fixed, slope = (sy * xx - sx * xy) / determinant, (sx * yy - sy * xy) / determinant
    if fixed < 0:
        return Cost(0.0, sx / xx)
    if slope < 0:
        return Cost(sy / yy, 0.0)
    return Cost(fixed, slope)


def own_seconds(session: Session, recipe: Recipe, pixels: int) -> int:
    """Return how long a worker will be busy with a picture of ``pixels`` input pixels, at least one second."""
    return max(1, math.ceil(cost_of(session, recipe).seconds(pixels)))


def place_of(session: Session, job: Job) -> scheduling.Place:
    """Return what comes before a job that waits."""
    return scheduling.place(session, job.submitter, job.priority, job.estimated_seconds, job)


def seconds_until_done(session: Session, job: Job, workers: int) -> int:
    """Return how long a queued or running job still takes, its wait included; 0 for one that has ended."""
    if job.state.ended:
        return 0
    if job.state is JobStatus.RUNNING:
        return max(1, math.ceil(job.estimated_seconds * (100 - job.progress) / 100))
    return math.ceil(place_of(session, job).seconds / max(1, workers)) + job.estimated_seconds

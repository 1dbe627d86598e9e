"""Estimates of the time that a job takes, from measured times of earlier jobs."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import false, func, select
from sqlalchemy.orm import Session

from upscaler.engine.model_zoo.catalogue import MODELS, Model
from upscaler.engine.model_zoo.recipes import Recipe
from upscaler.models import Job, JobStatus, Upload, utcnow
from upscaler.services.jobs import scheduling
from upscaler.services.jobs.workers import speeds_online

# Latest jobs of a recipe that the estimate is from.
LOOK_BACK = 20
# Shorter times say more about the clock than about the work.
_SHORTEST_SECONDS = 0.05
# Guess for the faces of an image on two CPU cores, until something was measured.
_FACES_SECONDS = 10.0
# What an image takes in addition to its models: windows overlap, each million pixels of the result are checked and
# encoded, and a model is loaded for an image of any size.
_OVERHEAD, _WRITING_SECONDS, _START_SECONDS = 1.3, 0.1, 0.7

# Input pixels per second, by the name of a model.
Speeds = Mapping[str, float]


@dataclass(frozen=True)
class Cost:
    """The time for an image: ``fixed`` seconds, and more for each million input pixels."""

    fixed: float
    per_megapixel: float

    def seconds(self, pixels: int) -> float:
        """Return the time for an image of so many input pixels."""
        return self.fixed + self.per_megapixel * pixels / 1e6


@dataclass(frozen=True)
class Work:
    """The work of a job: its recipe, its input pixels, and whether faces are refined as well."""

    recipe: Recipe
    pixels: int
    faces: bool = False


def measured_cost(session: Session, work: Work, device: str | None = None) -> Cost | None:
    """Return the cost as measured on the last jobs of this kind, None before there are any.

    With ``device``, as ``workers.device_of`` names it, only those count that ran there.
    """
    faces = func.coalesce(Job.params["refine_faces"].as_boolean(), false())
    query = (
        select(Upload.width * Upload.height, Job.work_seconds)
        .join(Upload, Job.upload_id == Upload.id)
        .where(
            Job.status == JobStatus.COMPLETED.value,
            Job.recipe == work.recipe.name,
            Job.work_seconds.is_not(None),
            faces if work.faces else ~faces,
        )
        .order_by(Job.finished_at.desc())
        .limit(LOOK_BACK)
    )
    if device is not None:
        query = query.where(Job.device == device)
    recent = session.execute(query)
    measured = [(pixels / 1e6, max(seconds or 0.0, _SHORTEST_SECONDS)) for pixels, seconds in recent]
    return fit(measured) if measured else None


def guessed_cost(work: Work, speeds: Sequence[Speeds] = ()) -> Cost:
    """Return the assumed cost of a recipe that no job has measured yet.

    ``speeds`` are those that workers have measured for single models. Models that they lack are as much faster or
    slower than the catalogue says as the others are, in the middle.
    """
    costs = [work.recipe.total(partial(_seconds_per_megapixel, measured)) for measured in speeds if measured]
    per_megapixel = work.recipe.seconds_per_megapixel
    if costs:
        writing = _WRITING_SECONDS * work.recipe.scale**2
        per_megapixel = statistics.harmonic_mean(costs) * _OVERHEAD + writing
    return Cost((_FACES_SECONDS if work.faces else 0.0) + (_START_SECONDS if costs else 0.0), per_megapixel)


def _seconds_per_megapixel(measured: Speeds, model: Model) -> float:
    if model.name in measured:
        return 1e6 / measured[model.name]
    known = [
        1e6 / speed / MODELS[name].seconds_per_megapixel for name, speed in measured.items() if name in MODELS
    ]
    return model.seconds_per_megapixel * (statistics.median(known) if known else 1.0)


def fit(measured: Sequence[tuple[float, float]]) -> Cost:
    """Return the cost that comes nearest to pairs of megapixels and seconds, all above zero.

    Weighted least squares (Gauss): each pair weighs by the inverse square of its seconds, so that what becomes small is
    the relative error, of small images as of large ones. Neither part of a cost is below zero.
    """
    # With x = megapixels / seconds and y = 1 / seconds, fixed * y + slope * x = 1 should hold for every pair.
    pairs = [(megapixels / seconds, 1 / seconds) for megapixels, seconds in measured]
    xx = sum(x * x for x, _ in pairs)
    xy = sum(x * y for x, y in pairs)
    yy = sum(y * y for _, y in pairs)
    sx, sy = sum(x for x, _ in pairs), sum(y for _, y in pairs)
    determinant = xx * yy - xy * xy
    # Images of one size do not separate the two parts; then all of it counts as work on pixels.
    if determinant <= 1e-6 * xx * yy:
        return Cost(0.0, sx / xx)
    fixed, slope = (sy * xx - sx * xy) / determinant, (sx * yy - sy * xy) / determinant
    if fixed < 0:
        return Cost(0.0, sx / xx)
    if slope < 0:
        return Cost(sy / yy, 0.0)
    return Cost(fixed, slope)


def own_seconds(session: Session, work: Work, devices: Sequence[str] = ()) -> int:
    """Return the seconds that a worker needs for it, at least one.

    ``devices`` are those of the workers that may take it, each named as often as there are workers. The fast ones take
    more of what waits, in proportion to their speed; what is to be expected is therefore the harmonic mean.
    """
    workers = Counter(devices)
    known = {device: measured_cost(session, work, device) for device in workers}
    costs = [(cost, workers[device]) for device, cost in known.items() if cost is not None]
    if not costs:
        costs = [(measured_cost(session, work) or guessed_cost(work, speeds_online(session)), 1)]
    seconds = [max(cost.seconds(work.pixels), _SHORTEST_SECONDS) for cost, _ in costs]
    return max(1, math.ceil(statistics.harmonic_mean(seconds, [count for _, count in costs])))


def place_of(session: Session, job: Job) -> scheduling.Place:
    """Return the place of a queued job."""
    return scheduling.place(session, job.submitter, job.priority, job.estimated_seconds, job)


def takes_longer(job: Job) -> bool:
    """Return whether a running job has taken longer than it was to take altogether."""
    return job.state is JobStatus.RUNNING and _elapsed_seconds(job) > job.estimated_seconds


def _elapsed_seconds(job: Job) -> float:
    return 0.0 if job.started_at is None else (utcnow() - job.started_at).total_seconds()


def seconds_until_done(
    session: Session, job: Job, workers: int, place: scheduling.Place | None = None
) -> int | None:
    """Return how long a queued or running job still takes, its wait included; 0 for one that has ended.

    None while no worker is online. ``place`` is that of a queued job where it is known already.
    """
    if job.state.ended:
        return 0
    if not workers:
        return None
    if job.state is JobStatus.RUNNING:
        left = job.estimated_seconds * (100 - job.percent) / 100
        if takes_longer(job):
            # At the pace so far; before there is any progress, as long again as it has taken.
            elapsed = _elapsed_seconds(job)
            left = max(left, min(elapsed, elapsed * (100 - job.percent) / max(job.percent, 1)))
        return max(1, math.ceil(left))
    waiting = place_of(session, job) if place is None else place
    return math.ceil(waiting.seconds / workers) + job.estimated_seconds

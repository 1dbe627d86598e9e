"""Estimates learned from what jobs took."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.model_zoo.recipe_builder import recipe_for
from upscaler.engine.options import UpscaleOptions
from upscaler.models import Job, utcnow
from upscaler.services.jobs import estimates
from upscaler.services.jobs.estimates import Cost, Work, fit
from upscaler.services.jobs.workers import register

DATABASES = ("sqlite", "postgresql")

NewJob = Callable[..., Job]
RECIPE = recipe_for(UpscaleOptions("2x"))


MEGAPIXEL = Work(RECIPE, 10**6)


def done(
    new_job: NewJob, session: Session, side: int, seconds: float, ago: float = 0, **values: object
) -> None:
    """Store a completed job of a square image."""
    finished_at = utcnow() - timedelta(seconds=ago)
    job = new_job(status="completed", work_seconds=seconds, finished_at=finished_at, **values)
    job.recipe = RECIPE.name
    job.upload.width = job.upload.height = side
    session.commit()


def test_before_anything_was_measured_the_recipe_guesses(db_session: Session) -> None:
    assert estimates.measured_cost(db_session, MEGAPIXEL) is None
    assert estimates.guessed_cost(MEGAPIXEL) == Cost(0.0, RECIPE.seconds_per_megapixel)
    assert estimates.own_seconds(db_session, Work(RECIPE, 1)) == 1
    assert estimates.own_seconds(db_session, Work(RECIPE, 1, faces=True)) > 1


def test_before_any_job_what_the_workers_have_measured_counts(db_session: Session) -> None:
    [branch] = RECIPE.branches
    [model] = branch.models
    slow, fast = {model.name: 10_000.0}, {model.name: 40_000.0}
    at_10_000 = estimates.guessed_cost(MEGAPIXEL, [slow])
    assert 100 < at_10_000.per_megapixel < 200
    assert 0 < at_10_000.fixed < 10
    assert estimates.guessed_cost(MEGAPIXEL, [slow, {}]) == at_10_000
    both = estimates.guessed_cost(MEGAPIXEL, [slow, fast])
    writing = estimates._WRITING_SECONDS * RECIPE.scale**2
    assert both.per_megapixel - writing == pytest.approx((at_10_000.per_megapixel - writing) * 2 / 5)

    backend = {"engine": "mnn", "speeds": {model.name: {"pixels_per_second": 10_000.0, "engine": "mnn"}}}
    register(db_session, "a worker", version="1", backend=backend, job_id=None)
    assert estimates.own_seconds(db_session, MEGAPIXEL) == math.ceil(at_10_000.seconds(10**6))


def test_a_model_that_was_not_measured_is_judged_by_the_others(db_session: Session) -> None:
    others = [model for model in MODELS.values() if model not in RECIPE.models][:3]
    measured = {model.name: 1e6 / (7 * model.seconds_per_megapixel) for model in others}
    exact = estimates.guessed_cost(
        MEGAPIXEL, [{model.name: 1e6 / (7 * model.seconds_per_megapixel) for model in RECIPE.models}]
    )
    assert estimates.guessed_cost(MEGAPIXEL, [measured]).per_megapixel == pytest.approx(exact.per_megapixel)


def test_after_ten_jobs_images_of_every_size_are_estimated_within_30_percent(
    db_session: Session, new_job: NewJob
) -> None:
    # Half a second each and three per megapixel, a fifth more or less by chance.
    noise = (1.2, 0.85, 1.0, 0.9, 1.1, 0.8, 1.15, 1.05, 0.95, 1.0)
    sides = (100, 200, 300, 500, 800, 100, 1500, 250, 2000, 400)
    for side, factor in zip(sides, noise, strict=True):
        done(new_job, db_session, side, (0.5 + 3 * side * side / 1e6) * factor)

    cost = estimates.measured_cost(db_session, MEGAPIXEL)
    assert cost is not None

    for side in (50, 150, 1000, 3000):
        truth = 0.5 + 3 * side * side / 1e6
        assert truth / 1.3 < cost.seconds(side * side) < truth * 1.3


def test_what_was_measured_last_counts(db_session: Session, new_job: NewJob) -> None:
    for _ in range(30):
        done(new_job, db_session, 1000, 50, ago=1000)
    for _ in range(estimates.LOOK_BACK):
        done(new_job, db_session, 1000, 5)
    assert estimates.own_seconds(db_session, MEGAPIXEL) == 5


def test_jobs_of_other_models_and_jobs_that_failed_do_not_count(db_session: Session, new_job: NewJob) -> None:
    done(new_job, db_session, 1000, 5)
    other = new_job(status="completed", work_seconds=500, finished_at=utcnow())
    failed = new_job(status="failed", work_seconds=500, finished_at=utcnow())
    failed.recipe = RECIPE.name
    db_session.commit()
    assert other.recipe != RECIPE.name
    assert estimates.own_seconds(db_session, MEGAPIXEL) == 5


def test_faces_are_work_of_their_own(db_session: Session, new_job: NewJob) -> None:
    done(new_job, db_session, 1000, 5)
    job = new_job(status="completed", work_seconds=30, finished_at=utcnow())
    job.recipe, job.params = RECIPE.name, {"factor": "2x", "refine_faces": True}
    job.upload.width = job.upload.height = 1000
    db_session.commit()

    assert estimates.own_seconds(db_session, MEGAPIXEL) == 5
    assert estimates.own_seconds(db_session, Work(RECIPE, 10**6, faces=True)) == 30


def test_each_device_has_its_own_pace_and_what_waits_goes_mostly_to_the_fast_ones(
    db_session: Session, new_job: NewJob
) -> None:
    for device, seconds in (("a GPU", 10), ("a CPU", 90)):
        done(new_job, db_session, 1000, seconds, device=device)
    own_seconds = partial(estimates.own_seconds, db_session, MEGAPIXEL)

    assert own_seconds(["a GPU"]) == 10
    assert own_seconds(["a CPU"]) == 90
    # In 90 s both together do ten of them: one each 9 s, and 18 s of a worker.
    assert own_seconds(["a GPU", "a CPU"]) == 18
    assert own_seconds(["a GPU", "a GPU", "a CPU"]) == 15
    # Of one that has done nothing yet nothing is known, which changes nothing.
    assert own_seconds(["a GPU", "a new one"]) == 10
    assert own_seconds(["a new one"]) == own_seconds([]) > 10


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        ([(1, 3)], Cost(0, 3)),
        ([(1, 3), (1, 3)], Cost(0, 3)),
        ([(1, 3), (2, 5), (3, 7)], Cost(1, 2)),
        ([(1, 1), (2, 4)], Cost(0, 1.2)),
        ([(1, 4), (2, 2)], Cost(2.4, 0)),
    ],
)
def test_the_fit_is_the_nearest_cost_without_negative_parts(
    measured: list[tuple[float, float]], expected: Cost
) -> None:
    found = fit(measured)
    assert (found.fixed, found.per_megapixel) == pytest.approx((expected.fixed, expected.per_megapixel))


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(st.floats(1e-6, 64), st.floats(estimates._SHORTEST_SECONDS, 10_000)),
        min_size=1,
        max_size=20,
    )
)
def test_no_measurement_makes_a_cost_that_cannot_be(measured: list[tuple[float, float]]) -> None:
    found = fit(measured)
    assert 0 <= found.fixed < float("inf")
    assert 0 <= found.per_megapixel < float("inf")


@pytest.mark.parametrize(
    ("elapsed", "progress", "left"),
    [
        (30, 50, 20),
        (39, 0, 40),
        (60, 0, 60),
        (600, 0, 600),
        (60, 50, 60),
        (90, 50, 90),
        (60, 90, 7),
        (120, 90, 14),
        (400, 99, 5),
    ],
)
def test_what_is_left_of_an_overdue_job_grows_until_it_moves_on(
    db_session: Session, new_job: NewJob, elapsed: int, progress: int, left: int
) -> None:
    started_at = utcnow() - timedelta(seconds=elapsed)
    job = new_job(estimated_seconds=40, status="running", progress=progress, started_at=started_at)

    assert estimates.takes_longer(job) == (elapsed > 40)
    assert left <= (estimates.seconds_until_done(db_session, job, 1) or 0) <= left + 1


def test_a_job_that_waits_or_has_ended_takes_no_longer(new_job: NewJob) -> None:
    started_at = utcnow() - timedelta(hours=1)
    for status in ("queued", "completed", "failed"):
        assert not estimates.takes_longer(new_job(estimated_seconds=1, status=status, started_at=started_at))


def test_a_waiting_job_shows_its_turn_and_a_running_one_what_is_left(
    db_session: Session, new_job: NewJob
) -> None:
    first = new_job(estimated_seconds=30, submitter="a")
    second = new_job(estimated_seconds=10, submitter="a")
    running = new_job(estimated_seconds=40, submitter="b", status="running", progress=50)
    ended = new_job(estimated_seconds=40, status="completed")

    assert estimates.seconds_until_done(db_session, ended, 1) == 0
    assert estimates.seconds_until_done(db_session, running, 1) == 20
    assert estimates.seconds_until_done(db_session, first, 1) == 20 + 30
    assert estimates.seconds_until_done(db_session, second, 2) == (20 + 30) / 2 + 10
    assert estimates.place_of(db_session, second).jobs == 2

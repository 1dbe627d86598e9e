"""Estimates learned from what jobs took."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from upscaler.engine.options import UpscaleOptions
from upscaler.engine.presets import recipe_for
from upscaler.models import Job, utcnow
from upscaler.services import estimates
from upscaler.services.estimates import Cost, fit

NewJob = Callable[..., Job]
RECIPE = recipe_for(UpscaleOptions("2x"), 100, 100)


def done(new_job: NewJob, session: Session, side: int, seconds: float, ago: float = 0) -> None:
    """Store a completed job of a square picture."""
    job = new_job(status="completed", work_seconds=seconds, finished_at=utcnow() - timedelta(seconds=ago))
    job.model = RECIPE.name
    job.upload.width = job.upload.height = side
    session.commit()


def test_before_anything_was_measured_the_recipe_guesses(db_session: Session) -> None:
    assert estimates.cost_of(db_session, RECIPE) == Cost(0.0, RECIPE.seconds_per_megapixel)
    assert estimates.own_seconds(db_session, RECIPE, 1) == 1


def test_after_ten_jobs_pictures_of_every_size_are_told_within_a_factor_of_two(
    db_session: Session, new_job: NewJob
) -> None:
    # Half a second each and three per megapixel, a fifth more or less by chance.
    noise = (1.2, 0.85, 1.0, 0.9, 1.1, 0.8, 1.15, 1.05, 0.95, 1.0)
    sides = (100, 200, 300, 500, 800, 100, 1500, 250, 2000, 400)
    for side, factor in zip(sides, noise, strict=True):
        done(new_job, db_session, side, (0.5 + 3 * side * side / 1e6) * factor)

    cost = estimates.cost_of(db_session, RECIPE)

    for side in (50, 150, 1000, 3000):
        truth = 0.5 + 3 * side * side / 1e6
        assert truth / 1.3 < cost.seconds(side * side) < truth * 1.3


def test_what_was_measured_last_counts(db_session: Session, new_job: NewJob) -> None:
    for _ in range(30):
        done(new_job, db_session, 1000, 50, ago=1000)
    for _ in range(estimates.LOOK_BACK):
        done(new_job, db_session, 1000, 5)
    assert estimates.cost_of(db_session, RECIPE).seconds(10**6) == pytest.approx(5)


def test_jobs_of_other_networks_and_jobs_that_failed_say_nothing(
    db_session: Session, new_job: NewJob
) -> None:
    done(new_job, db_session, 1000, 5)
    other = new_job(status="completed", work_seconds=500, finished_at=utcnow())
    failed = new_job(status="failed", work_seconds=500, finished_at=utcnow())
    failed.model = RECIPE.name
    db_session.commit()
    assert other.model != RECIPE.name
    assert estimates.cost_of(db_session, RECIPE).seconds(10**6) == pytest.approx(5)


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


def test_a_waiting_job_is_told_its_turn_and_a_running_one_what_is_left(
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

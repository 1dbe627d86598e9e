"""The pace of models, by a clock that the tests turn."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.support.clock import Clock
from upscaler.engine.backends.lanczos import LanczosBackend
from upscaler.engine.backends.speed_table import Speed, SpeedTable
from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.settings import EngineSettings
from upscaler.engine.tiling.pace import Pace, Paces

MODEL = MODELS["realesrgan-x4plus"]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pace(clock: Clock) -> Pace:
    """Return a pace of 10 seconds for 1000 pixels."""
    return Pace(lambda _: 0.01, {}, clock)


def followed(pace: Pace, clock: Clock, seconds: float, step: float = 3.0) -> Iterator[float]:
    """Yield the work under way every few seconds of a run of 1000 pixels and a work of 1."""
    with pace.run(MODEL, 1000, 1.0):
        yield pace.work_under_way()
        until = clock.now + seconds
        while clock.now + step < until:
            clock.now += step
            yield pace.work_under_way()
        clock.now = until


def test_a_run_goes_on_as_expected(pace: Pace, clock: Clock) -> None:
    assert list(followed(pace, clock, 8, step=2.5)) == pytest.approx([0, 0.25, 0.5, 0.75])
    assert pace.work_under_way() == 0


@pytest.mark.parametrize("seconds", [10, 30, 100])
def test_a_run_that_takes_longer_goes_on_ever_more_slowly_and_never_ends(
    pace: Pace, clock: Clock, seconds: float
) -> None:
    shares = list(followed(pace, clock, seconds))

    assert all(later > earlier for earlier, later in itertools.pairwise(shares))
    assert shares[-1] < 1


def test_the_pace_of_runs_that_have_ended_counts_for_the_next(pace: Pace, clock: Clock) -> None:
    list(followed(pace, clock, 40))

    assert list(followed(pace, clock, 40, step=10)) == pytest.approx([0, 0.25, 0.5, 0.75])
    # A mean of this one and those before it.
    list(followed(pace, clock, 20))
    assert list(followed(pace, clock, 30, step=15)) == pytest.approx([0, 0.5])


def test_a_run_that_failed_tells_nothing(pace: Pace, clock: Clock) -> None:
    def fail() -> None:
        with pace.run(MODEL, 1000, 1.0):
            clock.now += 0.001
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert pace.work_under_way() == 0
    assert list(followed(pace, clock, 6, step=5)) == pytest.approx([0, 0.5])


def test_runs_side_by_side_are_added(pace: Pace, clock: Clock) -> None:
    with ExitStack() as runs:
        runs.enter_context(pace.run(MODEL, 1000, 3.0))
        clock.now += 2
        runs.enter_context(pace.run(MODEL, 2000, 5.0))
        clock.now += 2
        assert pace.work_under_way() == pytest.approx(3 * 0.4 + 5 * 0.1)


def test_what_nothing_is_known_of_is_taken_to_be_slow(clock: Clock) -> None:
    pace = Pace(lambda _: None, {}, clock)
    with pace.run(MODEL, 1_000_000, 1.0):
        clock.now += MODEL.seconds_per_megapixel

        assert pace.work_under_way() == pytest.approx(0.25)


def test_the_trial_tells_what_a_window_takes_beside_the_others() -> None:
    backend = LanczosBackend(EngineSettings(threads=1))
    speeds = SpeedTable("", {})
    assert backend.streams_for([MODEL]) == 1
    speed = Speed(backend.name, backend.precision, backend.device, 1, 4000.0)
    paces = Paces(speeds)
    speeds.record(MODEL, [speed])

    clock = Clock()
    pace = paces.on(backend, [MODEL])
    pace._clock = clock
    with pace.run(MODEL, 8000, 1.0):
        clock.now += 1
        assert pace.work_under_way() == pytest.approx(0.5)
        clock.now += 3
    # The next image begins with what this one took.
    again = paces.on(backend, [MODEL])
    again._clock = clock
    with again.run(MODEL, 8000, 1.0):
        clock.now += 1
        assert again.work_under_way() == pytest.approx(0.25)

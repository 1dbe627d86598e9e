from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial

import pytest

from upscaler.engine.tiling.streams import in_order


def returning(value: int, seconds: float) -> int:
    time.sleep(seconds)
    return value


@pytest.mark.parametrize(("streams", "aside"), [(1, False), (1, True), (3, False)])
def test_results_come_in_order_whatever_each_takes(streams: int, aside: bool) -> None:
    calls = [partial(returning, number, (3 - number % 4) / 200) for number in range(9)]

    assert list(in_order(calls, streams, lambda: None, aside=aside)) == list(range(9))


def test_as_many_calls_as_streams_run_at_once() -> None:
    together = threading.Barrier(3, timeout=30)

    assert len(list(in_order([together.wait] * 6, 3, lambda: None))) == 6


def test_results_that_nobody_takes_are_not_piled_up() -> None:
    begun: list[int] = []
    calls = [partial(begun.append, number) for number in range(50)]

    results = in_order(calls, 2, lambda: None)
    next(results)
    time.sleep(0.1)

    assert len(begun) <= 4
    results.close()


def test_one_stream_runs_in_the_callers_thread_and_several_do_not() -> None:
    own = threading.get_ident()

    assert list(in_order([threading.get_ident], 1, lambda: None)) == [own]
    assert own not in list(in_order([threading.get_ident] * 3, 2, lambda: None))
    assert own not in list(in_order([threading.get_ident] * 3, 1, lambda: None, aside=True))


def test_the_caller_pauses_in_its_own_thread_while_others_work() -> None:
    paused: list[int] = []
    free = threading.Event()

    def pause() -> None:
        paused.append(threading.get_ident())
        if len(paused) == 3:
            free.set()

    assert list(in_order([lambda: free.wait(30)], 2, pause)) == [True]
    assert set(paused) == {threading.get_ident()}


def test_a_pause_that_raises_ends_the_work() -> None:
    begun: list[int] = []

    def call(number: int) -> None:
        begun.append(number)
        time.sleep(0.05)

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(in_order([partial(call, number) for number in range(20)], 2, stop))
    time.sleep(0.1)
    assert len(begun) <= 3


@pytest.mark.parametrize("streams", [1, 2])
@pytest.mark.parametrize("error", [ValueError("spoilt"), TimeoutError("late")])
def test_the_error_of_a_call_is_raised_in_its_place(streams: int, error: Exception) -> None:
    def fail() -> int:
        raise error

    calls: list[Callable[[], int]] = [lambda: 1, fail, lambda: 3]
    results = in_order(calls, streams, lambda: None)

    assert next(results) == 1
    with pytest.raises(type(error), match=str(error)):
        next(results)

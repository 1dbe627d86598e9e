"""Calls that run at once, with their results in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

Result = TypeVar("Result")

_PAUSE_SECONDS = 0.05


def in_order(
    calls: Iterable[Callable[[], Result]], streams: int, pause: Callable[[], None], *, aside: bool = False
) -> Generator[Result, None, None]:
    """Yield the results of calls in their order; up to ``streams`` of them run at once.

    One stream runs them in the caller's thread, where they see to pauses themselves. More of them, or one that is
    ``aside``, run in threads of their own, while the caller's calls ``pause``, which may raise; calls that have begun
    then end before this does.
    """
    if streams == 1 and not aside:
        for call in calls:
            yield call()
        return
    threads = ThreadPoolExecutor(streams, "window")
    try:
        waiting: deque[Future[Result]] = deque()
        for call in calls:
            waiting.append(threads.submit(call))
            # One result more than there are threads: none of them idles while a result is stored.
            if len(waiting) > streams:
                yield _result(waiting.popleft(), pause)
        while waiting:
            yield _result(waiting.popleft(), pause)
    finally:
        threads.shutdown(cancel_futures=True)


def _result(future: Future[Result], pause: Callable[[], None]) -> Result:
    pause()
    while not wait([future], _PAUSE_SECONDS).done:
        pause()
    return future.result()

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import cast

import pytest
from sqlalchemy.exc import OperationalError

from upscaler.errors import StorageUnavailable
from upscaler.services.previews.runner import PreviewRunner
from upscaler.tasks import previews
from upscaler.tasks.previews import PreviewThread


class Waiting:
    """A runner of a number of previews, the first of which meet a failure."""

    def __init__(self, waiting: int, *failures: Exception) -> None:
        self.waiting = waiting
        self.failures = list(failures)
        self.made = threading.Semaphore(0)
        self.idle = threading.Semaphore(0)
        self.stopped = threading.Event()
        self.held: threading.Event | None = None

    def run_next(self, should_stop: Callable[[], bool]) -> bool:
        if self.failures:
            raise self.failures.pop(0)
        if not self.waiting:
            self.idle.release()
            return False
        self.waiting -= 1
        if self.held is not None:
            self.held.set()
            while not should_stop():
                pass
            self.stopped.set()
        self.made.release()
        return True


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(previews, "PAUSE_SECONDS", 0.01)


def thread(runner: Waiting) -> PreviewThread:
    return PreviewThread(cast(PreviewRunner, runner))


def test_all_that_wait_are_made_and_later_ones_are_found() -> None:
    runner = Waiting(3)
    running = thread(runner)
    running.start()
    assert all(runner.made.acquire(timeout=30) for _ in range(3))
    assert runner.idle.acquire(timeout=30)

    runner.waiting = 1

    assert runner.made.acquire(timeout=30)
    running.stop()


@pytest.mark.parametrize(
    "failure",
    [StorageUnavailable(), OperationalError("SELECT 1", {}, Exception("gone")), ValueError("a defect")],
    ids=["storage", "database", "defect"],
)
def test_no_failure_ends_the_thread(failure: Exception) -> None:
    runner = Waiting(1, failure, failure)
    running = thread(runner)
    running.start()

    assert runner.made.acquire(timeout=30)
    running.stop()


def test_after_a_failure_it_waits_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "PAUSE_SECONDS", 60.0)
    runner = Waiting(1, StorageUnavailable())
    running = thread(runner)
    running.start()

    assert not runner.made.acquire(timeout=0.5)
    running.stop()


def test_a_worker_that_stops_has_the_preview_stopped_and_makes_no_other() -> None:
    runner = Waiting(2)
    runner.held = threading.Event()
    running = thread(runner)
    running.start()
    assert runner.held.wait(30)

    running.stop()

    assert runner.stopped.wait(30)
    assert runner.waiting == 1


def test_a_thread_that_never_started_can_be_stopped() -> None:
    thread(Waiting(1)).stop()

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import cast

import pytest
from sqlalchemy.exc import OperationalError

from upscaler.services.notifications.sender import Sender
from upscaler.tasks.deliveries import DeliveryThreads

AWAY = OperationalError("SELECT 1", {}, Exception("gone"))


class Outbox:
    """A sender of a number of messages, before which it fails some times."""

    def __init__(self, due: int = 0, failures: int = 0, failure: Exception = AWAY) -> None:
        self.due = due
        self.failures = failures
        self.failure = failure
        self.sent = threading.Semaphore(0)
        self.maintained = threading.Semaphore(0)
        self._lock = threading.Lock()

    def send_next(self, on_claim: Callable[[], None]) -> bool:
        with self._lock:
            if self.failures:
                self.failures -= 1
                raise self.failure
            if not self.due:
                return False
            self.due -= 1
        on_claim()
        self.sent.release()
        return True

    def maintain(self) -> None:
        self.maintained.release()


def threads(outbox: Outbox, look_seconds: float = 60.0) -> DeliveryThreads:
    return DeliveryThreads(cast(Sender, outbox), look_seconds)


def test_messages_are_sent_at_the_start_and_when_it_is_woken() -> None:
    outbox = Outbox(due=2)
    running = threads(outbox)
    running.start()
    assert all(outbox.sent.acquire(timeout=30) for _ in range(2))
    assert outbox.maintained.acquire(timeout=30)

    outbox.due = 1
    running.wake()

    assert outbox.sent.acquire(timeout=30)
    running.stop()
    outbox.due = 1
    running.wake()
    assert not outbox.sent.acquire(timeout=0.2), "stopped"
    assert not outbox.maintained.acquire(blocking=False), "once in ten minutes"


@pytest.mark.parametrize("failure", [AWAY, ValueError("a defect")], ids=["database away", "defect"])
def test_a_failure_ends_no_thread(failure: Exception) -> None:
    outbox = Outbox(due=1, failures=4, failure=failure)
    running = threads(outbox, 0.01)
    running.start()

    assert outbox.sent.acquire(timeout=30)
    running.stop()


def test_threads_that_never_started_can_be_stopped() -> None:
    threads(Outbox()).stop()

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import cast

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from config import load
from tests import factories
from tests.support.receiver import receiver, status
from upscaler.models import Delivery
from upscaler.services.notifications.sender import Sender
from upscaler.services.worker_registry import WorkerServices
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


def real_threads(database: Engine, look_seconds: float) -> DeliveryThreads:
    """Return the threads of a worker that may send webhooks to this machine."""
    settings = {"SECRET_KEY": "k" * 40, "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.1/32"}
    services = WorkerServices.from_config(load(settings, env_file=None), sessions=sessionmaker(database))
    return DeliveryThreads(services.sender(), look_seconds)


def test_the_threads_of_two_workers_send_each_message_once(database: Engine, db_session: Session) -> None:
    workers = [real_threads(database, 0.1) for _ in range(2)]
    with receiver() as found:
        ids = {factories.new_delivery(db_session, target=found.url()).id for _ in range(10)}
        for worker in workers:
            worker.start()
            worker.wake()
        deadline = time.monotonic() + 60
        while set(db_session.scalars(select(Delivery.status))) != {"delivered"}:
            assert time.monotonic() < deadline
            db_session.rollback()
            time.sleep(0.1)
        for worker in workers:
            worker.stop()

    assert sorted(request.headers["webhook-id"] for request in found.requests) == sorted(ids)
    assert set(db_session.scalars(select(Delivery.attempts))) == {1}


def test_a_slow_receiver_does_not_hold_up_the_next_message(database: Engine, db_session: Session) -> None:
    slow_is_there, may_answer = threading.Event(), threading.Event()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        slow_is_there.set()
        may_answer.wait(30)
        status(200)(handler)

    with receiver(answer) as slow, receiver() as quick:
        for host in (slow, quick):
            factories.new_delivery(db_session, target=host.url())
        # It does not look again by itself: the second message is found because the first one was.
        running = real_threads(database, 60)
        running.start()
        assert slow_is_there.wait(30)
        assert quick.arrived.wait(30)
        may_answer.set()
        running.stop()

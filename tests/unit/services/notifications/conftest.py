"""Jobs, and messages about them."""

from __future__ import annotations

import time
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from upscaler.models import Delivery, Job
from upscaler.services.jobs import lifecycle
from upscaler.services.notifications import signing
from upscaler.services.notifications.message import Message
from upscaler.services.notifications.webhook import WebhookChannel
from upscaler.services.outbound.addresses import AddressPolicy

HOOK = "https://hooks.example.org/a?key=hidden"
SECRET = signing.derive("a key for tests")
LOOPBACK = AddressPolicy((ip_network("127.0.0.1/32"),))

EVENT = {
    "type": "job.completed",
    "timestamp": "2025-12-07T12:35:20Z",
    "data": {"job_id": "job_1", "status": "completed", "params": {"factor": "2x"}, "error": None},
}


def channel(policy: AddressPolicy = LOOPBACK, **options: Any) -> WebhookChannel:
    """Return a channel that may reach this machine."""
    return WebhookChannel([SECRET], policy, time.time, **options)


@pytest.fixture
def new_message() -> Callable[..., Message]:
    """Return a function that makes a message."""

    def build(target: str, **values: Any) -> Message:
        usual = {
            "delivery_id": "msg_1",
            "payload": EVENT,
            "language": "en",
            "error": None,
            "result_url": "https://images.example.org/files/results/a.png?signature=x",
            "page_url": "https://images.example.org/jobs/job_1",
        }
        return Message(target=target, **{**usual, **values})

    return build


@pytest.fixture
def watched_job(new_job: Callable[..., Job], db_session: Session) -> Job:
    """A job whose end is reported by webhook and by e-mail."""
    job = new_job(notify_email="layla@example.org", language="ar")
    job.params = {**job.params, "callback_url": HOOK}
    db_session.commit()
    return job


def rows(session: Session) -> list[Delivery]:
    """Return all messages, webhooks first."""
    session.expire_all()
    return list(session.scalars(select(Delivery).order_by(Delivery.kind.desc())))


def end(session: Session, job: Job) -> None:
    """End a job."""
    assert lifecycle.cancel(session, job.id, "in a test")

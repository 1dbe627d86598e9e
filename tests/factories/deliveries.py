"""Deliveries: rows of the outbox."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from tests.factories.base import stored
from tests.factories.jobs import new_job
from upscaler.models import Delivery, DeliveryKind, Job


def new_delivery(session: Session, job: Job | None = None, **values: Any) -> Delivery:
    """Store a webhook that is due now."""
    owner = job or new_job(session)
    usual = {
        "kind": DeliveryKind.WEBHOOK.value,
        "event": "job.completed",
        "target": "https://example.org/hook",
        "payload": {"type": "job.completed", "data": {"job_id": owner.id, "status": "completed"}},
    }
    return stored(session, Delivery(job_id=owner.id, **{**usual, **values}))

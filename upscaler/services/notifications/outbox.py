"""The outbox: messages about ended jobs, written in the transaction that ends the job, each sent by one sender.

A sender claims a due row and gets a lease (see ``services.leases``). If it dies, the lease expires and another sender
sends the same message with the same id: at least once, and exactly once when no sender dies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from upscaler.errors import DeliveryConflict
from upscaler.models import Delivery, DeliveryKind, DeliveryStatus, Job, JobStatus, iso8601
from upscaler.models.database import insert_new
from upscaler.models.job import callback_url_of, public_params
from upscaler.services import audit, leases
from upscaler.services.leases import Lease
from upscaler.services.notifications.backoff import MAX_ATTEMPTS, pause_after
from upscaler.services.notifications.events import Event
from upscaler.services.notifications.outcome import Outcome, Verdict

# Longer than any attempt takes, the many steps of a slow mail server included; in seconds.
LEASE_SECONDS = 120
# Due rows that a sender attempts to claim before it leaves the rest to other senders.
CANDIDATES = 10

_FINAL = {
    Verdict.DELIVERED: DeliveryStatus.DELIVERED,
    Verdict.FAILED: DeliveryStatus.FAILED,
    Verdict.GONE: DeliveryStatus.GONE,
}


@dataclass(frozen=True)
class HeldDelivery:
    """A message that this sender, and no other, may send until the lease expires."""

    lease: Lease
    job_id: str
    kind: DeliveryKind
    target: str
    payload: Mapping[str, Any]
    attempt: int

    @property
    def id(self) -> str:
        """The message."""
        return self.lease.id


def write(session: Session, job_id: str, event: Event, now: datetime) -> None:
    """Add a message about an event of a job for each of its recipients, within the caller's transaction.

    A message that is there already, of the same event on the same channel, stays as it is.
    """
    job = session.execute(
        select(
            Job.status,
            Job.params,
            Job.model,
            Job.parent_id,
            Job.notify_email,
            Job.error_code,
            Job.error_message,
            Job.error_values,
        ).where(Job.id == job_id)
    ).one()
    recipients = {DeliveryKind.WEBHOOK: callback_url_of(job.params), DeliveryKind.EMAIL: job.notify_email}
    error = None
    if job.status == JobStatus.FAILED.value:
        detail = job.error_message % job.error_values if job.error_values else job.error_message
        error = {"code": job.error_code, "detail": detail}
    payload = {
        "type": event.name,
        "timestamp": iso8601(now),
        "data": {
            "job_id": job_id,
            "parent_id": job.parent_id,
            "status": job.status,
            "model": job.model,
            "params": public_params(job.params),
            "error": error,
        },
    }
    common = {"job_id": job_id, "event": event.name, "payload": payload, "next_attempt_at": now}
    rows = [{**common, "kind": kind.value, "target": target} for kind, target in recipients.items() if target]
    insert_new(session, Delivery, rows)


def claim(session: Session, now: datetime) -> HeldDelivery | None:
    """Claim the message that has been due longest; return None when none is due and free."""
    due = and_(
        Delivery.status == DeliveryStatus.PENDING.value,
        Delivery.next_attempt_at <= now,
        Delivery.attempts < MAX_ATTEMPTS,
        leases.is_free(Delivery, now),
    )
    found = session.scalars(
        select(Delivery.id).where(due).order_by(Delivery.next_attempt_at).limit(CANDIDATES)
    ).all()
    session.commit()
    lasts = timedelta(seconds=LEASE_SECONDS)
    values = {"attempts": Delivery.attempts + 1, "last_attempt_at": now}
    for delivery_id in found:
        lease = leases.claim(session, Delivery, delivery_id, due, lasts, now=now, **values)
        session.commit()
        if lease is not None:
            row = session.get_one(Delivery, delivery_id, populate_existing=True)
            session.commit()
            return HeldDelivery(
                lease=lease,
                job_id=row.job_id,
                kind=DeliveryKind(row.kind),
                target=row.target,
                payload=row.payload,
                attempt=row.attempts,
            )
    return None


def finish(session: Session, held: HeldDelivery, outcome: Outcome, now: datetime) -> bool:
    """Record how an attempt ended; return False when the message was no longer this sender's."""
    pause = pause_after(held.attempt) if outcome.verdict is Verdict.RETRY else None
    status = DeliveryStatus.PENDING if pause else _FINAL.get(outcome.verdict, DeliveryStatus.FAILED)
    finished = leases.finish(
        session,
        Delivery,
        held.lease,
        status=status.value,
        next_attempt_at=now + pause if pause else None,
        last_status=outcome.status,
        last_error=outcome.detail or None,
        delivered_at=now if status is DeliveryStatus.DELIVERED else None,
    )
    session.commit()
    return finished


def deliveries_of(session: Session, job_id: str) -> list[Delivery]:
    """Return the messages about a job."""
    query = select(Delivery).where(Delivery.job_id == job_id)
    return list(session.scalars(query.order_by(Delivery.created_at, Delivery.kind)))


def send_again(session: Session, actor: audit.Actor, delivery_id: str, now: datetime) -> None:
    """Make a message due at once, with all its attempts, and add a row to the audit trail.

    Raises:
        DeliveryConflict: it is being sent at this moment, or was deleted.
    """
    idle = or_(Delivery.status != DeliveryStatus.PENDING.value, leases.is_free(Delivery, now))
    values = {
        **leases.RELEASED,
        "status": DeliveryStatus.PENDING.value,
        "attempts": 0,
        "next_attempt_at": now,
        "delivered_at": None,
    }
    if not leases.change(session, Delivery, and_(Delivery.id == delivery_id, idle), values):
        session.rollback()
        raise DeliveryConflict
    session.expire_all()
    delivery = session.get_one(Delivery, delivery_id)
    details = {"job": delivery.job_id, "kind": delivery.kind}
    audit.record(session, actor, "delivery.send_again", entity=("delivery", delivery_id), details=details)
    session.commit()


def fail_lost(session: Session, now: datetime) -> None:
    """Fail messages whose sender died in their last attempt."""
    lost = and_(
        Delivery.status == DeliveryStatus.PENDING.value,
        Delivery.attempts >= MAX_ATTEMPTS,
        leases.is_free(Delivery, now),
    )
    values = {
        **leases.RELEASED,
        "status": DeliveryStatus.FAILED.value,
        "next_attempt_at": None,
        "last_error": "the sender stopped before the attempt ended",
    }
    session.execute(
        update(Delivery).where(lost).values(**values).execution_options(synchronize_session=False)
    )
    session.commit()


def purge(session: Session, before: datetime) -> None:
    """Delete older messages that are not pending, and the e-mail addresses of jobs that ended before that moment."""
    session.execute(
        delete(Delivery)
        .where(Delivery.created_at < before, Delivery.status != DeliveryStatus.PENDING.value)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Job)
        .where(Job.finished_at < before, Job.notify_email.is_not(None))
        .values(notify_email=None)
        .execution_options(synchronize_session=False)
    )
    session.commit()

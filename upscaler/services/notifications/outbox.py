"""The outbox: news of ended jobs, written in the transaction that ends the job, and held by one sender at a time.

A sender *claims* a due row by a conditional UPDATE and gets a lease. If it dies, the lease runs out and another one
sends the same message, with the same id: at least once, and once when nobody dies.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.orm import Session

from upscaler.errors import DeliveryConflict
from upscaler.models import Delivery, DeliveryKind, DeliveryStatus, Job, JobStatus, iso8601
from upscaler.models.database import changed_rows
from upscaler.models.job import callback_url_of, public_params
from upscaler.services import audit
from upscaler.services.notifications.backoff import MAX_ATTEMPTS, pause_after
from upscaler.services.notifications.outcome import Outcome, Verdict

# Longer than any attempt takes, the many steps of a slow mail server included; in seconds.
LEASE_SECONDS = 120
# How many due rows a sender tries before it leaves the rest to those who were faster.
CANDIDATES = 10

_FINAL = {
    Verdict.DELIVERED: DeliveryStatus.DELIVERED,
    Verdict.FAILED: DeliveryStatus.FAILED,
    Verdict.GONE: DeliveryStatus.GONE,
}


@dataclass(frozen=True)
class HeldDelivery:
    """A message that this sender, and no other, may send until the lease runs out."""

    id: str
    token: str
    job_id: str
    kind: DeliveryKind
    target: str
    payload: Mapping[str, Any]
    attempt: int


def write(session: Session, job_id: str, status: JobStatus, now: datetime) -> None:
    """Add a row for each receiver of a job that ends, within the caller's transaction."""
    job = session.execute(
        select(
            Job.params,
            Job.model,
            Job.parent_id,
            Job.notify_email,
            Job.error_code,
            Job.error_message,
            Job.error_values,
        ).where(Job.id == job_id)
    ).one()
    receivers = {DeliveryKind.WEBHOOK: callback_url_of(job.params), DeliveryKind.EMAIL: job.notify_email}
    error = None
    if status is JobStatus.FAILED:
        detail = job.error_message % job.error_values if job.error_values else job.error_message
        error = {"code": job.error_code, "detail": detail}
    payload = {
        "type": f"job.{status}",
        "timestamp": iso8601(now),
        "data": {
            "job_id": job_id,
            "parent_id": job.parent_id,
            "status": str(status),
            "model": job.model,
            "params": public_params(job.params),
            "error": error,
        },
    }
    session.add_all(
        Delivery(job_id=job_id, kind=kind.value, target=target, payload=payload, next_attempt_at=now)
        for kind, target in receivers.items()
        if target
    )


def claim(session: Session, now: datetime) -> HeldDelivery | None:
    """Take the message that is due for the longest time; return None when none is due and free."""
    due = and_(
        Delivery.status == DeliveryStatus.PENDING.value,
        Delivery.next_attempt_at <= now,
        Delivery.attempts < MAX_ATTEMPTS,
        _free(now),
    )
    found = session.scalars(
        select(Delivery.id).where(due).order_by(Delivery.next_attempt_at).limit(CANDIDATES)
    ).all()
    session.commit()
    for delivery_id in found:
        token = secrets.token_hex(16)
        taken = session.execute(
            update(Delivery)
            .where(Delivery.id == delivery_id, due)
            .values(
                claim_token=token,
                lease_expires_at=now + timedelta(seconds=LEASE_SECONDS),
                attempts=Delivery.attempts + 1,
                last_attempt_at=now,
            )
            .execution_options(synchronize_session=False)
        )
        session.commit()
        if changed_rows(taken) == 1:
            row = session.get_one(Delivery, delivery_id, populate_existing=True)
            session.commit()
            return HeldDelivery(
                id=row.id,
                token=token,
                job_id=row.job_id,
                kind=DeliveryKind(row.kind),
                target=row.target,
                payload=row.payload,
                attempt=row.attempts,
            )
    return None


def settle(session: Session, held: HeldDelivery, outcome: Outcome, now: datetime) -> bool:
    """Write down how an attempt ended; return False when the message was no longer this sender's."""
    pause = pause_after(held.attempt) if outcome.verdict is Verdict.RETRY else None
    status = DeliveryStatus.PENDING if pause else _FINAL.get(outcome.verdict, DeliveryStatus.FAILED)
    settled = session.execute(
        update(Delivery)
        .where(Delivery.id == held.id, Delivery.claim_token == held.token)
        .values(
            status=status.value,
            next_attempt_at=now + pause if pause else None,
            claim_token=None,
            lease_expires_at=None,
            last_status=outcome.status,
            last_error=outcome.detail or None,
            delivered_at=now if status is DeliveryStatus.DELIVERED else None,
        )
        .execution_options(synchronize_session=False)
    )
    session.commit()
    return changed_rows(settled) == 1


def deliveries_of(session: Session, job_id: str) -> list[Delivery]:
    """Return the messages about a job."""
    return list(session.scalars(select(Delivery).where(Delivery.job_id == job_id).order_by(Delivery.kind)))


def send_again(session: Session, actor: audit.Actor, delivery_id: str, now: datetime) -> None:
    """Make a message due at once, with all its attempts ahead, and note who asked for it.

    Raises:
        DeliveryConflict: it is being sent at this moment, or its receiver was forgotten.
    """
    idle = or_(Delivery.status != DeliveryStatus.PENDING.value, _free(now))
    changed = session.execute(
        update(Delivery)
        .where(Delivery.id == delivery_id, idle)
        .values(
            status=DeliveryStatus.PENDING.value,
            attempts=0,
            next_attempt_at=now,
            delivered_at=None,
            claim_token=None,
            lease_expires_at=None,
        )
        .execution_options(synchronize_session=False)
    )
    if changed_rows(changed) != 1:
        session.rollback()
        raise DeliveryConflict
    session.expire_all()
    delivery = session.get_one(Delivery, delivery_id)
    details = {"job": delivery.job_id, "kind": delivery.kind}
    audit.record(session, actor, "delivery.send_again", entity=("delivery", delivery_id), details=details)
    session.commit()


def give_up_lost(session: Session, now: datetime) -> None:
    """End messages whose sender died in their last attempt."""
    session.execute(
        update(Delivery)
        .where(Delivery.status == DeliveryStatus.PENDING.value, Delivery.attempts >= MAX_ATTEMPTS, _free(now))
        .values(
            status=DeliveryStatus.FAILED.value,
            next_attempt_at=None,
            claim_token=None,
            lease_expires_at=None,
            last_error="the sender stopped before it knew the answer",
        )
        .execution_options(synchronize_session=False)
    )
    session.commit()


def forget_old(session: Session, before: datetime) -> None:
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


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(Delivery.lease_expires_at.is_(None), Delivery.lease_expires_at < now)

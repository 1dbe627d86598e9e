"""The reaper: recovers jobs whose worker died, or whose id the queue lost.

Safe to run on every worker at once, at any time.
"""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from upscaler.errors import N_, EngineCrashed, ServiceUnavailable
from upscaler.models import Job, JobStatus, utcnow
from upscaler.services.jobs import lifecycle, scheduling
from upscaler.services.jobs.queue import Queue, dispatch

log = structlog.get_logger()

# A queued job older than this whose id is not in the queue is enqueued again, in seconds.
STALE_SECONDS = 20
# Jobs treated in one round.
BATCH = 100


def reap(session: Session, queue: Queue, max_attempts: int) -> None:
    """Release jobs with expired leases, fail those without attempts left, and enqueue ids that the queue lost."""
    _release_expired(session, queue, max_attempts)
    _enqueue_lost(session, queue)


def _release_expired(session: Session, queue: Queue, max_attempts: int) -> None:
    expired = and_(Job.status == JobStatus.RUNNING.value, Job.lease_expires_at < utcnow())
    found = session.execute(select(Job.id, Job.attempts).where(expired).limit(BATCH)).all()
    session.commit()
    for job_id, attempts in found:
        if attempts >= max_attempts:
            reason = EngineCrashed(
                N_("The image couldn't be upscaled: its worker stopped %(attempts)s times."),
                attempts=attempts,
            )
            lifecycle.fail(session, job_id, expired, reason)
        elif lifecycle.release(session, job_id, expired, "its worker stopped answering", counts=True):
            dispatch(session, queue, job_id)


def _enqueue_lost(session: Session, queue: Queue) -> None:
    queued = scheduling.is_due(utcnow())
    waiting = session.scalar(select(func.count()).select_from(Job).where(queued)) or 0
    try:
        if waiting <= queue.pending():
            session.commit()
            return
    except ServiceUnavailable:
        log.warning("queue.unavailable")
        session.commit()
        return
    before = utcnow() - timedelta(seconds=STALE_SECONDS)
    stale = or_(Job.enqueued_at < before, and_(Job.enqueued_at.is_(None), Job.created_at < before))
    found = session.scalars(select(Job.id).where(queued, stale).order_by(Job.created_at).limit(BATCH)).all()
    session.commit()
    for job_id in found:
        dispatch(session, queue, job_id)

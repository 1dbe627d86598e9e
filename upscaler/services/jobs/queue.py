"""The queue of job ids. It may lose them: the ``jobs`` table is the source of truth."""

from __future__ import annotations

from typing import Protocol

import structlog
from sqlalchemy import update
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from upscaler.errors import ServiceUnavailable
from upscaler.models import Job, utcnow

log = structlog.get_logger()


class Queue(Protocol):
    """Delivers job ids to workers."""

    def enqueue(self, job_id: str) -> None:
        """Enqueue a job for any worker; raise ``ServiceUnavailable`` when the queue does not answer."""

    def pending(self) -> int:
        """Count the ids that wait in the queue; raise ``ServiceUnavailable`` when it does not answer."""


def dispatch(session: Session, queue: Queue, job_id: str) -> None:
    """Enqueue a committed job. When the queue is down the job stays ``queued``, and the reaper enqueues it later.

    A failure here is no reason to refuse the job: it is accepted already.
    """
    try:
        queue.enqueue(job_id)
    except ServiceUnavailable:
        log.warning("queue.unavailable", job_id=job_id)
        return
    try:
        mark_enqueued(session, job_id)
    except (OperationalError, InterfaceError):
        # The database has gone away since, or its disk is full. At worst the reaper enqueues the job once more.
        session.rollback()
        log.warning("queue.not_noted", job_id=job_id, exc_info=True)


def mark_enqueued(session: Session, job_id: str) -> None:
    """Note that a job's id was enqueued just now, so that the reaper does not enqueue it again for a while."""
    session.execute(update(Job).where(Job.id == job_id).values(enqueued_at=utcnow()))
    session.commit()

"""The order of jobs: the highest priority first, then the submitter with the least recent work, then the oldest job.

The queue only says that there is something to do. Which job a worker takes is decided here, when it has a hand free, so
that one account's five hundred images do not stand in the way of the next visitor's one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, bindparam, case, func, select
from sqlalchemy.orm import Session

from upscaler.models import Job, JobStatus, Priority, utcnow
from upscaler.services.jobs import lifecycle
from upscaler.services.jobs.lifecycle import Claim

# Work that began longer ago than this does not count against a submitter.
MEMORY = timedelta(minutes=15)
# A job that has waited for this long gets the highest priority, so that none waits for ever.
PATIENCE = timedelta(minutes=30)


@dataclass(frozen=True)
class Place:
    """The place of a job in the queue: the jobs before it, and their seconds of one worker's work."""

    jobs: int
    seconds: float

    def plus(self, jobs: int, seconds: float | None) -> Place:
        """Return the place behind so many more jobs and seconds of work."""
        return Place(self.jobs + jobs, self.seconds + float(seconds or 0))


# Made once, and one query for all that a place depends on: each poll of a job that waits makes it.
_EARLIER = and_(Job.created_at <= bindparam("created_at"), Job.id != bindparam("id"))
_GROUPS = (
    select(
        Job.status,
        Job.priority,
        Job.submitter,
        func.count(),
        func.sum(Job.estimated_seconds),
        func.sum(Job.estimated_seconds * (100 - Job.progress) / 100.0),
        func.sum(case((_EARLIER, 1), else_=0)),
        func.sum(case((_EARLIER, Job.estimated_seconds), else_=0)),
    )
    .where(Job.status.in_((JobStatus.QUEUED.value, JobStatus.RUNNING.value)))
    .group_by(Job.status, Job.priority, Job.submitter)
)


def is_due(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a job is queued and not deferred."""
    deferred = and_(Job.not_before.is_not(None), Job.not_before > now)
    return and_(Job.status == JobStatus.QUEUED.value, ~deferred)


def next_job_id(session: Session, now: datetime) -> str | None:
    """Return the id of the next job, or None when none is due."""
    served = (
        select(Job.submitter.label("submitter"), func.sum(Job.estimated_seconds).label("seconds"))
        .where(Job.started_at >= now - MEMORY)
        .group_by(Job.submitter)
        .subquery()
    )
    rank = case((Job.created_at < now - PATIENCE, int(max(Priority))), else_=Job.priority)
    query = (
        select(Job.id)
        .outerjoin(served, served.c.submitter == Job.submitter)
        .where(is_due(now))
        .order_by(rank.desc(), func.coalesce(served.c.seconds, 0), Job.created_at, Job.id)
    )
    return session.scalar(query.limit(1))


def claim_next(session: Session, worker_id: str, lease_seconds: int) -> Claim | None:
    """Claim the next job; return None when none is due."""
    while (job_id := next_job_id(session, utcnow())) is not None:
        if held := lifecycle.claim(session, job_id, worker_id, lease_seconds):
            return held
        # Another worker was faster; the next query finds another job.
    session.rollback()
    return None


def place(session: Session, submitter: str, priority: int, seconds: float, job: Job | None = None) -> Place:
    """Return the place of a job that takes ``seconds`` of work.

    Submitters of the same priority take turns, so of the others' work no more comes first than one has waiting oneself,
    this job included.

    Args:
        session: of the database.
        submitter: who sends it.
        priority: of the job.
        seconds: of work that it takes.
        job: the job itself where it waits already; None for one that would come last.

    """
    earlier = (
        {"id": "", "created_at": utcnow()} if job is None else {"id": job.id, "created_at": job.created_at}
    )
    groups = session.execute(_GROUPS, earlier)
    before, own, others = Place(0, 0.0), Place(0, 0.0), []
    for status, rank, sender, count, whole, left, own_count, own_seconds in groups:
        if status == JobStatus.RUNNING.value:
            before = before.plus(count, left)
        elif rank > priority:
            before = before.plus(count, whole)
        elif rank == priority and sender == submitter:
            own = own.plus(own_count, own_seconds)
        elif rank == priority:
            others.append((count, whole))
    found = before.plus(own.jobs, own.seconds)
    for count, whole in others:
        found = found.plus(min(count, own.jobs + 1), min(float(whole or 0), own.seconds + seconds))
    return found

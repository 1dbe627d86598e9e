"""The job state machine. Every move is one conditional UPDATE whose row count is checked, with a line in the job's log.

A worker *claims* a job and gets a token. Each later change by that worker must show the token; once the job was taken
over, canceled or ended, the token no longer fits and the change does nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, and_, case, or_, update
from sqlalchemy.orm import Session

from upscaler.errors import UpscalerError
from upscaler.models import MOVES, Job, JobLog, JobStatus, utcnow
from upscaler.models.database import changed_rows
from upscaler.services.files import pending_files
from upscaler.services.notifications import outbox

log = structlog.get_logger()


@dataclass(frozen=True)
class Claim:
    """The right to work on a job until the lease runs out."""

    job_id: str
    token: str
    worker_id: str
    attempt: int


def claim(session: Session, job_id: str, worker_id: str, lease_seconds: int) -> Claim | None:
    """Take a queued job, or one whose lease has run out; return None when another worker has it or it has ended."""
    now = utcnow()
    token = secrets.token_hex(16)
    free = or_(
        Job.status == JobStatus.QUEUED.value,
        and_(Job.status == JobStatus.RUNNING.value, Job.lease_expires_at < now),
    )
    moved = _move(
        session,
        job_id,
        free,
        JobStatus.RUNNING,
        {
            "claim_token": token,
            "worker_id": worker_id,
            "lease_expires_at": now + timedelta(seconds=lease_seconds),
            "attempts": Job.attempts + 1,
            "started_at": case((Job.started_at.is_(None), now), else_=Job.started_at),
            "progress": 0,
        },
        f"started by worker {worker_id}",
    )
    if not moved:
        return None
    attempt = session.get_one(Job, job_id, populate_existing=True).attempts
    return Claim(job_id=job_id, token=token, worker_id=worker_id, attempt=attempt)


def renew(session: Session, held: Claim, progress: int, lease_seconds: int) -> bool:
    """Prolong the lease and note the progress in percent; return False when the job is no longer the claim's."""
    result = session.execute(
        update(Job)
        .where(_holds(held))
        .values(lease_expires_at=utcnow() + timedelta(seconds=lease_seconds), progress=progress)
    )
    session.commit()
    return changed_rows(result) == 1


def note_estimate(session: Session, held: Claim, seconds: int) -> None:
    """Note how long the job will take where it runs now."""
    session.execute(update(Job).where(_holds(held)).values(estimated_seconds=seconds))
    session.commit()


def complete(
    session: Session, held: Claim, values: dict[str, Any], files: Sequence[str], started_at: datetime
) -> bool:
    """End a job well; return False when the job is no longer the claim's.

    Args:
        session: of the database; it is committed.
        held: the claim.
        values: columns of the result.
        files: keys of announced files that the columns point to.
        started_at: when the work began.

    Raises:
        StorageUnavailable: a sweep has removed the files; nothing was changed.

    """
    now = utcnow()
    fields = {
        **values,
        "progress": 100,
        "finished_at": now,
        "duration_seconds": round((now - started_at).total_seconds()),
        "error_code": None,
        "error_message": None,
        "error_values": None,
        "error_trace": None,
    }
    pending_files.settle(session, files)
    return _move(session, held.job_id, _holds(held), JobStatus.COMPLETED, fields, "completed")


def fail(
    session: Session, job_id: str, holds: ColumnElement[bool], error: UpscalerError, trace: str = ""
) -> bool:
    """End a job with an error; return False when ``holds`` is no longer true of it."""
    fields = {
        "finished_at": utcnow(),
        "error_code": error.code,
        "error_message": error.message,
        "error_values": {name: str(value) for name, value in error.values.items()} or None,
        "error_trace": trace or None,
    }
    return _move(session, job_id, holds, JobStatus.FAILED, fields, f"failed: {error.detail}", level="error")


def hand_back(
    session: Session,
    job_id: str,
    holds: ColumnElement[bool],
    reason: str,
    *,
    counts: bool,
    not_before: datetime | None = None,
) -> bool:
    """Put a running job back into the queue, where it waits at least until ``not_before``.

    ``counts`` says whether this attempt is one of the allowed ones.
    """
    fields: dict[str, Any] = {"worker_id": None, "progress": 0, "enqueued_at": None, "not_before": not_before}
    if not counts:
        fields["attempts"] = Job.attempts - 1
    return _move(
        session, job_id, holds, JobStatus.QUEUED, fields, f"back in the queue: {reason}", level="warning"
    )


def cancel(session: Session, job_id: str, reason: str) -> bool:
    """End a queued or running job; return False when it had ended already."""
    waiting = Job.status.in_([JobStatus.QUEUED.value, JobStatus.RUNNING.value])
    return _move(
        session, job_id, waiting, JobStatus.CANCELED, {"finished_at": utcnow()}, f"canceled {reason}"
    )


def held_by(held: Claim) -> ColumnElement[bool]:
    """Return the condition that a job is running under this very claim."""
    return _holds(held)


def add_log(session: Session, job_id: str, message: str, level: str = "info") -> None:
    """Add a line to the job's log within the caller's transaction."""
    session.add(JobLog(job_id=job_id, level=level, message=message))


def _holds(held: Claim) -> ColumnElement[bool]:
    return and_(Job.id == held.job_id, Job.claim_token == held.token, Job.status == JobStatus.RUNNING.value)


def _move(
    session: Session,
    job_id: str,
    condition: ColumnElement[bool],
    target: JobStatus,
    fields: dict[str, Any],
    message: str,
    level: str = "info",
) -> bool:
    sources = [state.value for state, targets in MOVES.items() if target in targets]
    # A lapsed lease lets a running job be claimed anew: running to running, the one move that keeps the state.
    if target is JobStatus.RUNNING:
        sources.append(JobStatus.RUNNING.value)
    else:
        fields = {"claim_token": None, "lease_expires_at": None, **fields}
    result = session.execute(
        update(Job)
        .where(Job.id == job_id, Job.status.in_(sources), condition)
        .values(status=target.value, **fields)
        .execution_options(synchronize_session=False)
    )
    if changed_rows(result) != 1:
        session.rollback()
        return False
    add_log(session, job_id, message, level)
    if target.ended:
        # With the end itself, so that the news of it is neither lost nor written twice.
        outbox.write(session, job_id, target, utcnow())
    session.commit()
    # What this session had loaded of the job is now out of date.
    session.expire_all()
    log.info("job.moved", job_id=job_id, status=target.value, reason=message)
    return True

"""The job state machine: each transition is one conditional UPDATE with a line in the job's log, in one transaction.

A worker claims a job and gets a lease (see ``services.leases``). Each later transition by that worker is fenced on it:
once the job was claimed anew, canceled or ended, the change does nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, and_, case, or_
from sqlalchemy.orm import Session

from upscaler.errors import UpscalerError
from upscaler.models import ENDED, TRANSITIONS, Job, JobLog, JobStatus, utcnow
from upscaler.services import leases
from upscaler.services.files import pending_files
from upscaler.services.leases import Lease
from upscaler.services.notifications import outbox
from upscaler.services.notifications.events import end_of_job

log = structlog.get_logger()

ACTIVE = tuple(status.value for status in JobStatus if status not in ENDED)


@dataclass(frozen=True)
class Claim:
    """The right of a worker to work on a job until the lease expires; ``attempt`` counts from 1."""

    lease: Lease
    worker_id: str
    attempt: int

    @property
    def job_id(self) -> str:
        """The job."""
        return self.lease.id

    @property
    def token(self) -> str:
        """The lease's token."""
        return self.lease.token


def claim(session: Session, job_id: str, worker_id: str, lease_seconds: int) -> Claim | None:
    """Claim a queued job, or one whose lease has expired; return None when another worker has it or it has ended."""
    now = utcnow()
    expired = and_(Job.status == JobStatus.RUNNING.value, leases.has_expired(Job, now))
    lease, columns = leases.granted(job_id, timedelta(seconds=lease_seconds), now)
    claimed = _transition(
        session,
        job_id,
        or_(Job.status == JobStatus.QUEUED.value, expired),
        JobStatus.RUNNING,
        {
            **columns,
            "worker_id": worker_id,
            "attempts": Job.attempts + 1,
            "started_at": case((Job.started_at.is_(None), now), else_=Job.started_at),
            **_progress(0.0, None),
        },
        f"started by worker {worker_id}",
    )
    if not claimed:
        return None
    attempt = session.get_one(Job, job_id, populate_existing=True).attempts
    return Claim(lease, worker_id, attempt)


def renew(session: Session, held: Claim, share: float, step: str | None, lease_seconds: int) -> bool:
    """Renew the lease, note the share that is done and the step; return False when the job is no longer the claim's."""
    noted = _progress(share, step)
    renewed = leases.renew(session, Job, held.lease, timedelta(seconds=lease_seconds), **noted)
    session.commit()
    return renewed


def _progress(share: float, step: str | None) -> dict[str, Any]:
    """Return the columns for a share of the work, 0 to 1, and a step."""
    return {"progress": int(share * 100), "share_done": share, "step": step}


def note_estimate(session: Session, held: Claim, seconds: int) -> None:
    """Note how long the job will take on the worker that runs it."""
    leases.change(session, Job, held_by(held), {"estimated_seconds": seconds})
    session.commit()


def complete(
    session: Session, held: Claim, values: Mapping[str, Any], files: Sequence[str], started_at: datetime
) -> bool:
    """End a job with a result; return False when the job is no longer the claim's.

    Args:
        session: of the database; it is committed.
        held: the claim.
        values: columns of the result.
        files: keys of reserved files that the columns point to.
        started_at: when the work began.

    Raises:
        StorageUnavailable: a collection has removed the files; nothing was changed.
    """
    now = utcnow()
    fields = {
        **values,
        **_progress(1.0, None),
        "finished_at": now,
        "duration_seconds": round((now - started_at).total_seconds()),
        "error_code": None,
        "error_message": None,
        "error_values": None,
        "error_trace": None,
    }
    pending_files.commit(session, files)
    return _transition(session, held.job_id, held_by(held), JobStatus.COMPLETED, fields, "completed")


def fail(
    session: Session, job_id: str, condition: ColumnElement[bool], error: UpscalerError, trace: str = ""
) -> bool:
    """End a job with an error; return False when ``condition`` is no longer true of it."""
    fields = {
        "finished_at": utcnow(),
        "error_code": error.code,
        "error_message": error.message,
        "error_values": {name: str(value) for name, value in error.values.items()} or None,
        "error_trace": trace or None,
    }
    message = f"failed: {error.detail}"
    return _transition(session, job_id, condition, JobStatus.FAILED, fields, message, level="error")


def release(
    session: Session,
    job_id: str,
    condition: ColumnElement[bool],
    reason: str,
    *,
    counts: bool,
    not_before: datetime | None = None,
) -> bool:
    """Put a running job back into the queue, deferred until ``not_before``.

    ``counts`` says whether this attempt is one of the allowed ones. Return False when ``condition`` is no longer true.
    """
    fields: dict[str, Any] = {
        "worker_id": None,
        **_progress(0.0, None),
        "enqueued_at": None,
        "not_before": not_before,
    }
    if not counts:
        fields["attempts"] = Job.attempts - 1
    message = f"returned to the queue: {reason}"
    return _transition(session, job_id, condition, JobStatus.QUEUED, fields, message, level="warning")


def cancel(session: Session, job_id: str, reason: str) -> bool:
    """End a queued or running job; return False when it has ended already.

    People cancel through ``actions.cancel``, which leaves a row in the audit trail in the same transaction.
    """
    fields = {"finished_at": utcnow()}
    return _transition(
        session, job_id, Job.status.in_(ACTIVE), JobStatus.CANCELED, fields, f"canceled {reason}"
    )


def held_by(held: Claim) -> ColumnElement[bool]:
    """Return the condition that a job is running under this very claim."""
    return and_(leases.is_held(Job, held.lease), Job.status == JobStatus.RUNNING.value)


def add_log(session: Session, job_id: str, message: str, level: str = "info") -> None:
    """Add a line to the job's log within the caller's transaction."""
    session.add(JobLog(job_id=job_id, level=level, message=message))


def _transition(
    session: Session,
    job_id: str,
    condition: ColumnElement[bool],
    target: JobStatus,
    fields: Mapping[str, Any],
    message: str,
    level: str = "info",
) -> bool:
    """Change the state of a job and commit, whatever else the session holds included; roll back and return False."""
    sources = [state.value for state, targets in TRANSITIONS.items() if target in targets]
    if target is JobStatus.RUNNING:
        # An expired lease lets a running job be claimed anew, the one transition that keeps the state.
        sources.append(JobStatus.RUNNING.value)
    else:
        fields = {**leases.RELEASED, **fields}
    allowed = and_(Job.id == job_id, Job.status.in_(sources), condition)
    if not leases.change(session, Job, allowed, {"status": target.value, **fields}):
        session.rollback()
        return False
    add_log(session, job_id, message, level)
    if target.ended:
        # In the transaction of the end itself, so that its messages are neither lost nor written twice.
        outbox.write(session, job_id, end_of_job(target), utcnow())
    session.commit()
    # Objects of this session that show the job are out of date.
    session.expire_all()
    log.info("job.transition", job_id=job_id, status=target.value, reason=message)
    return True

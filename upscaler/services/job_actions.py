"""What an operator does to a job. The row in the audit trail and the change are one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from upscaler.errors import FileGone, JobConflict
from upscaler.models import Job
from upscaler.services import audit, lifecycle
from upscaler.services.submissions import Submissions

# What can be fetched of a job.
ORIGINAL = "original"
RESULT = "result"

# Characters of the original's name that a result keeps: file systems allow 255 bytes for the whole of a name.
MAX_STEM = 200


def cancel(session: Session, actor: audit.Actor, job: Job) -> None:
    """Cancel a waiting or running job.

    Raises:
        JobConflict: it had ended already.
    """
    job_id, before = job.id, job.status
    audit.record(session, actor, "job.cancel", entity=("job", job_id), details={"status": before})
    if not lifecycle.cancel(session, job_id, f"by {actor.username}"):
        session.refresh(job)
        raise JobConflict(status=job.status)


def run_again(
    session: Session, actor: audit.Actor, submissions: Submissions, job: Job, overrides: Mapping[str, Any]
) -> Job:
    """Make a new job of the same picture and return it; what ``overrides`` lacks stays as it was.

    Raises:
        UnknownParameter, InvalidParameter, NotAvailable: an override is not possible.
        ResultTooLarge: the result would have more pixels than are allowed.
        FileGone: the original is no longer kept.
    """
    job_id = job.id
    again = submissions.requeue(session, job, dict(overrides), actor.user_id)
    details = {"new_job": again.id, "overrides": dict(overrides)}
    audit.record(session, actor, "job.requeue", entity=("job", job_id), details=details)
    session.commit()
    return again


def file_to_download(session: Session, actor: audit.Actor, job: Job, which: str) -> tuple[str, str]:
    """Note that somebody takes a file of a job; return its storage key and the name to offer it under.

    Raises:
        FileGone: the job has no such file.
    """
    key = job.upload.storage_path if which == ORIGINAL else job.result_path if which == RESULT else None
    if key is None:
        raise FileGone
    name = job.upload.original_filename
    if which == RESULT:
        name = result_name(job)
    audit.record(session, actor, "job.download", entity=("job", job.id), details={"file": which})
    session.commit()
    return key, name


def result_name(job: Job) -> str:
    """Return the name that a result is offered under, such as ``holiday-4x.png``."""
    stem = job.upload.original_filename.rpartition(".")[0] or job.upload.original_filename
    ending = (job.result_path or "").rpartition(".")[2]
    return f"{stem[:MAX_STEM]}-{job.params.get('factor', '')}.{ending}"

"""What people do to a job. The row in the audit trail and the change are one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import delete as delete_rows
from sqlalchemy import select
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Session

from upscaler.errors import FileGone, JobConflict, JobNotFound
from upscaler.models import Account, Batch, Job, Upload
from upscaler.services import audit
from upscaler.services.files.names import result_name
from upscaler.services.jobs import lifecycle
from upscaler.services.jobs.submissions import Submissions
from upscaler.storage import Storage

# What can be fetched of a job.
ORIGINAL = "original"
RESULT = "result"


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


def may_change(account: Account | None, thing: Job | Batch) -> bool:
    """Tell whether somebody who knows an id may do more than look: anybody to a visitor's, else owners and admins."""
    if account is not None and account.is_admin:
        return True
    if thing.owner_id is None:
        return not thing.owner_gone
    return account is not None and account.id == thing.owner_id


def delete(session: Session, actor: audit.Actor, storage: Storage, job: Job) -> None:
    """Delete a job with its files; the original too, unless another job is of it. One that has not ended is canceled.

    Raises:
        JobNotFound: somebody else has deleted it at this moment.
        StorageUnavailable: the files are still there, and so is the job: it can be deleted again later.
    """
    job_id, upload_id = job.id, job.upload_id
    lifecycle.cancel(session, job_id, "to be deleted")
    upload = session.get(Upload, upload_id, populate_existing=True)
    try:
        session.refresh(job)
    except InvalidRequestError:
        upload = None
    if upload is None:
        session.rollback()
        raise JobNotFound
    original = upload.storage_path
    others = select(Job.id).where(Job.upload_id == upload_id, Job.id != job_id)
    keys = [job.result_path, job.preview_path, job.original_preview_path]
    if session.scalar(others.limit(1)) is None:
        keys.append(original)
    # The files first: a row without files can be deleted again, files without a row would be forgotten.
    for key in filter(None, keys):
        storage.delete(key)
    if actor.user_id is not None:
        audit.record(session, actor, "job.delete", entity=("job", job_id), details={"status": job.status})
    session.expunge(job)
    # Statements instead of the session's cascade: the database removes logs and messages with the job.
    session.execute(delete_rows(Job).where(Job.id == job_id))
    session.execute(delete_rows(Upload).where(Upload.id == upload_id, ~others.exists()))
    session.commit()


@contextmanager
def requeued(
    session: Session, actor: audit.Actor, submissions: Submissions, job: Job, overrides: Mapping[str, Any]
) -> Iterator[Job]:
    """Make a new job of the same image and yield it; what ``overrides`` lacks stays as it was.

    Whatever the block adds is committed with it, and the job begins then.

    Raises:
        UnknownParameter, InvalidParameter, NotAvailable: an override is not possible.
        ResultTooLarge: the result would have more pixels than are allowed.
        FileGone: the original is no longer kept.
    """
    again = submissions.run_again(session, job, overrides, actor.user_id)
    details = {"new_job": again.id, "overrides": dict(overrides)}
    audit.record(session, actor, "job.requeue", entity=("job", job.id), details=details)
    yield again
    session.commit()
    submissions.start(session, again)


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

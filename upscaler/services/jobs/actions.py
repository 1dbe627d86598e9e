"""Actions of people on jobs, each in one transaction with its row in the audit trail.

The API and the console both call these, and leave the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import delete as delete_rows
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from upscaler.errors import N_, FileGone, JobConflict, JobNotFound
from upscaler.models import Account, Batch, Job, JobStatus, Upload
from upscaler.services import audit
from upscaler.services.files.deletion import deletion
from upscaler.services.files.names import original_name, result_name
from upscaler.services.jobs import lifecycle
from upscaler.services.jobs.submissions import Submissions
from upscaler.storage import Storage

# Files of a job.
ORIGINAL = "original"
RESULT = "result"


def cancel(session: Session, actor: audit.Actor, job: Job) -> None:
    """Cancel a queued or running job.

    Raises:
        JobConflict: it has ended already.
    """
    job_id = job.id
    if actor.is_recorded:
        details = {"status": job.status}
        audit.record(session, actor, "job.cancel", entity=("job", job_id), details=details)
    reason = f"by {actor.username}" if actor.username else "by the holder of its link"
    # Commits the row of the trail with the transition, or neither.
    if not lifecycle.cancel(session, job_id, reason):
        raise JobConflict


def may_change(account: Account | None, thing: Job | Batch) -> bool:
    """Return whether a caller who knows an id may cancel or delete: what a visitor sent, or the account's own."""
    if account is not None and account.is_admin:
        return True
    if thing.owner_id is None:
        return not thing.owner_gone
    return account is not None and account.id == thing.owner_id


def is_for_another(account: Account | None, thing: Job | Batch) -> bool:
    """Return whether a caller is an admin who acts on what somebody else sent."""
    return account is not None and account.is_admin and thing.owner_id != account.id


def delete(session: Session, actor: audit.Actor, storage: Storage, job: Job) -> bool:
    """Delete a job with its files; the original too, unless another job uses it. One that has not ended is canceled.

    Return whether the files are removed already; see ``Deletion``.

    Raises:
        JobNotFound: it was deleted at this moment.
    """
    job_id, upload_id = job.id, job.upload_id
    lifecycle.cancel(session, job_id, "to be deleted")
    with deletion(session, storage) as deleted:
        # A write to the row that all jobs of an image share: two of them that are deleted at once are so one after the
        # other, and the second one finds that no other job uses the original.
        lock = update(Upload).where(Upload.id == upload_id).values(storage_path=Upload.storage_path)
        session.execute(lock.execution_options(synchronize_session=False))
        found = session.get(Job, job_id, populate_existing=True)
        if found is None:
            raise JobNotFound
        deleted.keys.extend(
            filter(None, (found.result_path, found.preview_path, found.original_preview_path))
        )
        if actor.is_recorded:
            details = {"status": found.status}
            audit.record(session, actor, "job.delete", entity=("job", job_id), details=details)
        session.flush()
        session.expunge(found)
        # Statements in place of the session's cascade: the database removes logs and messages with the job.
        session.execute(delete_rows(Job).where(Job.id == job_id))
        unused = ~select(Job.id).where(Job.upload_id == upload_id).exists()
        original = delete_rows(Upload).where(Upload.id == upload_id, unused).returning(Upload.storage_path)
        deleted.keys.extend(session.scalars(original.execution_options(synchronize_session=False)))
    return deleted.files_removed


@contextmanager
def requeued(
    session: Session, actor: audit.Actor, submissions: Submissions, job: Job, overrides: Mapping[str, Any]
) -> Iterator[Job]:
    """Yield a new job for the same image and owner; parameters that ``overrides`` lacks stay as they were.

    Rows that the block adds are committed with it, and the job is enqueued then.

    Raises:
        UnknownParameter, InvalidParameter, NotAvailable: an override is not possible.
        ResultTooLarge: the result would have more pixels than are allowed.
        FileGone: the original is no longer stored.
    """
    again = submissions.run_again(session, job, overrides)
    if actor.is_recorded:
        details = {"new_job": again.id, "overrides": dict(overrides)}
        audit.record(session, actor, "job.requeue", entity=("job", job.id), details=details)
    yield again
    session.commit()
    submissions.start(session, again)


@contextmanager
def retried(session: Session, actor: audit.Actor, submissions: Submissions, job: Job) -> Iterator[Job]:
    """Make a new job of a failed or canceled one, with its owner and options, and yield it.

    Whatever the block adds is committed with it, and the job begins then.

    Raises:
        JobConflict: the job neither failed nor was canceled.
        ResultTooLarge: the result would have more pixels than are allowed.
        FileGone: the original is no longer kept.
    """
    if job.state not in {JobStatus.FAILED, JobStatus.CANCELED}:
        raise JobConflict(N_("Only a failed or canceled job can be retried. Upload the image as a new job."))
    again = submissions.run_again(session, job, {})
    if actor.is_recorded:
        audit.record(session, actor, "job.retry", entity=("job", job.id), details={"new_job": again.id})
    yield again
    session.commit()
    submissions.start(session, again)


def file_to_download(session: Session, actor: audit.Actor, job: Job, which: str) -> tuple[str, str]:
    """Return the storage key and the file name of a job's ``ORIGINAL`` or ``RESULT``; downloads by admins are recorded.

    Raises:
        FileGone: the job has no such file.
    """
    if which == ORIGINAL:
        key, name = job.upload.storage_path, original_name(job.upload)
    elif which == RESULT and job.result_path is not None:
        key, name = job.result_path, result_name(job)
    else:
        raise FileGone
    if actor.is_admin:
        audit.record(session, actor, "job.download", entity=("job", job.id), details={"file": which})
        session.commit()
    return key, name


def original_to_download(session: Session, actor: audit.Actor, upload: Upload) -> tuple[str, str]:
    """Return the storage key and the file name of an upload; downloads by admins are recorded."""
    key, name = upload.storage_path, original_name(upload)
    if actor.is_admin:
        audit.record(session, actor, "upload.download", entity=("upload", upload.id))
        session.commit()
    return key, name

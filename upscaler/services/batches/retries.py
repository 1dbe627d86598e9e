"""Retries of the failed images of a batch, each as a new job."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from sqlalchemy.orm import Session

from upscaler.errors import N_, BatchConflict, UpscalerError
from upscaler.models import Batch, BatchItem, Job, JobStatus
from upscaler.services import audit
from upscaler.services.batches.state import find_batch
from upscaler.services.jobs import batch_items
from upscaler.services.jobs.submissions import Submissions


def failed_items(batch: Batch) -> list[BatchItem]:
    """Return the items that can be retried."""
    return [item for item in batch.items if item.job is not None and item.job.state is JobStatus.FAILED]


@contextlib.contextmanager
def retried(
    session: Session, actor: audit.Actor, submissions: Submissions, batch_id: str
) -> Iterator[list[Job]]:
    """Yield a new job for each failed image of a batch, with the failed job as its parent.

    Rows that the block adds are committed with them, and the jobs are enqueued then.

    Raises:
        BatchConflict: no image has failed.
        FileGone, ResultTooLarge, ...: none of them can be retried, for this reason.
    """
    batch_items.lock(session, Batch.id == batch_id)
    again: list[Job] = []
    refusal: UpscalerError = BatchConflict(N_("No image in this batch has failed."))
    for item in failed_items(find_batch(session, batch_id)):
        assert item.job is not None  # noqa: S101 - or it would not be among the failed
        try:
            job = submissions.run_again(session, item.job, {})
        except UpscalerError as error:
            if error.status >= 500:
                session.rollback()
                raise
            refusal = error
            continue
        again.append(job)
    if not again:
        session.rollback()
        raise refusal
    if actor.is_recorded:
        details = {"new_jobs": [job.id for job in again]}
        audit.record(session, actor, "batch.retry", entity=("batch", batch_id), details=details)
    session.flush()
    yield again
    session.commit()
    for job in again:
        submissions.start(session, job)

"""Items of batches: each shows the newest job of its image."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from upscaler.models import Batch, BatchItem, Job, JobStatus

# States without a result, after which the item follows a new run.
_WITHOUT_RESULT = frozenset({JobStatus.FAILED, JobStatus.CANCELED})


def lock(session: Session, which: ColumnElement[bool]) -> None:
    """Lock batches until the end of the transaction: of two retries at once, one comes after the other."""
    # A write to one row is a lock on every database.
    locked = update(Batch).where(which).values(created_at=Batch.created_at)
    session.execute(locked.execution_options(synchronize_session=False))


def follow(session: Session, job: Job, again: Job) -> None:
    """Have the item of a batch show ``again``, a new run of its failed or canceled job.

    An item with a result keeps it. One that shows a later run of the job already stays with that one.
    """
    if job.state not in _WITHOUT_RESULT:
        return
    shows_it = BatchItem.job_id == job.id
    lock(session, Batch.id.in_(select(BatchItem.batch_id).where(shows_it)))
    session.execute(update(BatchItem).where(shows_it).values(job_id=again.id))

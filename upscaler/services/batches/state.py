"""The state of a batch, which follows from those of its items and their jobs."""

from __future__ import annotations

import enum
from collections import Counter
from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, selectinload

from upscaler.errors import BatchNotFound
from upscaler.models import Batch, BatchItem, Job, JobStatus
from upscaler.services.jobs.lifecycle import ACTIVE

# States of an item without a job: its file was refused, or the job was deleted.
REFUSED = "refused"
DELETED = "deleted"
ITEM_STATES = (*(status.value for status in JobStatus), REFUSED, DELETED)


class BatchStatus(str, enum.Enum):
    """The state of a batch."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    PARTLY_FAILED = "partly_failed"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def ended(self) -> bool:
        """Whether no job is queued or running."""
        return self not in {BatchStatus.QUEUED, BatchStatus.RUNNING}


@dataclass(frozen=True)
class Summary:
    """A batch as a whole: its state, its progress in percent, and the number of items in each state."""

    status: BatchStatus
    progress: int
    counts: dict[str, int]


def find_batch(session: Session, batch_id: str) -> Batch:
    """Return a batch with its items, their jobs and uploads, as they are now; raise ``BatchNotFound``."""
    wanted = (
        select(Batch)
        .where(Batch.id == batch_id)
        .options(selectinload(Batch.items).joinedload(BatchItem.job).joinedload(Job.upload))
        .execution_options(populate_existing=True)
    )
    batch = session.scalar(wanted)
    if batch is None:
        raise BatchNotFound
    return batch


def item_status(item: BatchItem) -> str:
    """Return one of ``ITEM_STATES``."""
    if item.job is not None:
        return item.job.status
    return REFUSED if item.error_code else DELETED


def summary(batch: Batch) -> Summary:
    """Sum up the items of a batch. Refused files count as failed, and deleted jobs do not count."""
    found = Counter(item_status(item) for item in batch.items)
    progress = sum(
        item.job.progress if item.job is not None and not item.job.state.ended else 100
        for item in batch.items
    )
    counts = {state: found[state] for state in ITEM_STATES}
    return Summary(
        _status(found), progress // max(1, len(batch.items)), {"total": len(batch.items), **counts}
    )


def has_ended(session: Session, batch_id: str) -> bool:
    """Return whether no job of a batch is queued or running."""
    waiting = (
        select(BatchItem.id)
        .join(Job, BatchItem.job_id == Job.id)
        .where(BatchItem.batch_id == batch_id, Job.status.in_(ACTIVE))
    )
    return not session.scalar(select(exists(waiting)))


def last_waiting(batch: Batch) -> Job | None:
    """Return the job that will probably end last; None when all have ended."""
    waiting = [item.job for item in batch.items if item.job is not None and not item.job.state.ended]
    return max(waiting, key=lambda job: (job.state is JobStatus.QUEUED, job.created_at), default=None)


def _status(found: Counter[str]) -> BatchStatus:
    waiting, running = found[JobStatus.QUEUED.value], found[JobStatus.RUNNING.value]
    completed, failed = found[JobStatus.COMPLETED.value], found[JobStatus.FAILED.value]
    canceled = found[JobStatus.CANCELED.value]
    if waiting or running:
        return BatchStatus.RUNNING if running or completed or failed or canceled else BatchStatus.QUEUED
    failed += found[REFUSED]
    if completed:
        return BatchStatus.PARTLY_FAILED if failed or canceled else BatchStatus.COMPLETED
    return BatchStatus.FAILED if failed else BatchStatus.CANCELED

"""Batches: many images that are sent, followed, tried again and fetched as one."""

from __future__ import annotations

import contextlib
import enum
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session, selectinload

from upscaler.engine.options import UpscaleOptions
from upscaler.errors import (
    N_,
    BatchConflict,
    BatchNotFound,
    BatchRefused,
    FileGone,
    UpscalerError,
)
from upscaler.models import Batch, BatchItem, Job, JobStatus, iso8601, utcnow
from upscaler.services import audit
from upscaler.services.batches.packing import MANIFEST, PackedFile
from upscaler.services.files.incoming import IncomingFile
from upscaler.services.files.names import result_name, safe_filename
from upscaler.services.jobs.file_checks import CheckedFile
from upscaler.services.jobs.new_jobs import Sender
from upscaler.services.jobs.submissions import Submissions

log = structlog.get_logger()

# States of an item that has no job: its file was refused, or the job was deleted.
REFUSED = "refused"
DELETED = "deleted"
ITEM_STATES = (*(status.value for status in JobStatus), REFUSED, DELETED)

_WAITING = (JobStatus.QUEUED.value, JobStatus.RUNNING.value)
# Names of refused files that the refusal of a whole batch mentions.
_NAMED = 5
# What some file systems do not allow in a name.
_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
# Bytes of a name in an archive, its ending left out: file systems allow 255 for all of it.
_STEM_BYTES = 200


class BatchStatus(str, enum.Enum):
    """Where a batch stands."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    PARTLY_FAILED = "partly_failed"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def ended(self) -> bool:
        """Whether no image waits or is worked on."""
        return self not in {BatchStatus.QUEUED, BatchStatus.RUNNING}


@dataclass(frozen=True)
class Summary:
    """A batch as a whole: its state, the percentage that is done, and how many items are in which state."""

    status: BatchStatus
    progress: int
    counts: dict[str, int]


@dataclass(frozen=True)
class Archive:
    """A batch as one file to fetch, with all that is needed while it is sent; the database is not asked again."""

    filename: str
    files: list[PackedFile]
    head: dict[str, Any]
    rows: list[dict[str, Any]]

    def manifest(self, gone: Collection[str]) -> bytes:
        """Return the list of contents, with an error beside the results whose names are in ``gone``."""
        lost = {"code": FileGone.code, "detail": FileGone.message}
        items = [
            {**row, "result": None, "size_bytes": None, "sha256": None, "error": lost}
            if row["result"] in gone
            else row
            for row in self.rows
        ]
        return json.dumps({**self.head, "items": items}, ensure_ascii=False, indent=2).encode()


@contextlib.contextmanager
def stored(
    session: Session,
    submissions: Submissions,
    files: Sequence[IncomingFile],
    options: UpscaleOptions,
    sender: Sender,
) -> Iterator[str]:
    """Make a job of each file that can be used, note the errors of the others, and yield the id of the batch.

    Whatever the block adds is committed with them, and the jobs begin then. All or nothing: when this raises, no file
    and no row is left.

    Raises:
        QueueFull: there is no room for all of them.
        BatchRefused: none of the files can be used.
        ServiceUnavailable, StorageFull: it is not the files that are at fault.
    """
    submissions.check_queue(session, len(files))
    judged = [_judge(session, submissions, file, options) for file in files]
    good = [found for found in judged if isinstance(found, CheckedFile)]
    if not good:
        raise BatchRefused(files=_named(files, judged))
    batch = Batch(owner_id=sender.owner_id)
    with submissions.stored(session, good, options, sender) as jobs:
        ids = iter([job.id for job in jobs])
        session.add(batch)
        for position, (file, found) in enumerate(zip(files, judged, strict=True)):
            item = BatchItem(position=position, filename=safe_filename(file.filename))
            if isinstance(found, UpscalerError):
                item.error_code, item.error_message = found.code, found.message
                item.error_values = {name: str(value) for name, value in found.values.items()} or None
            else:
                item.job_id = next(ids)
            batch.items.append(item)
        session.flush()
        # Read before the commit, after which every row has to be asked for anew.
        batch_id = batch.id
        yield batch_id
    log.info("batch.accepted", batch_id=batch_id, files=len(files), jobs=len(good))


def find(session: Session, batch_id: str) -> Batch:
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
    """Sum up the items of a batch. What was refused counts as failed, and what was deleted no longer counts."""
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
    """Tell whether no image of a batch waits or is worked on."""
    waiting = (
        select(BatchItem.id)
        .join(Job, BatchItem.job_id == Job.id)
        .where(BatchItem.batch_id == batch_id, Job.status.in_(_WAITING))
    )
    return not session.scalar(select(exists(waiting)))


def last_waiting(batch: Batch) -> Job | None:
    """Return the job that will probably end last; None when all have ended."""
    waiting = [item.job for item in batch.items if item.job is not None and not item.job.state.ended]
    return max(waiting, key=lambda job: (job.state is JobStatus.QUEUED, job.created_at), default=None)


def failed_items(batch: Batch) -> list[BatchItem]:
    """Return the items that can be tried again."""
    return [item for item in batch.items if item.job is not None and item.job.state is JobStatus.FAILED]


@contextlib.contextmanager
def retried(
    session: Session, actor: audit.Actor, submissions: Submissions, batch_id: str
) -> Iterator[list[Job]]:
    """Give each failed image of a batch a new job and yield these; each remembers the one before as its parent.

    Whatever the block adds is committed with them, and the jobs begin then.

    Raises:
        BatchConflict: no image has failed.
        FileGone, ResultTooLarge, ...: none of them can be tried again, for this reason.
    """
    # A write to the row that everybody writes: of two who try again at once, one comes after the other.
    lock = update(Batch).where(Batch.id == batch_id).values(created_at=Batch.created_at)
    session.execute(lock.execution_options(synchronize_session=False))
    again: list[Job] = []
    refusal: UpscalerError = BatchConflict(N_("No image in this batch has failed."))
    for item in failed_items(find(session, batch_id)):
        assert item.job is not None  # noqa: S101 - or it would not be among the failed
        try:
            job = submissions.run_again(session, item.job, {}, item.job.owner_id)
        except UpscalerError as error:
            if error.status >= 500:
                session.rollback()
                raise
            refusal = error
            continue
        item.job_id = job.id
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


def archive_of(batch: Batch) -> Archive:
    """Return what an archive of the batch holds: the results that there are.

    Raises:
        BatchConflict: no image is completed.
    """
    taken = {MANIFEST}
    packed = [_packed(item.job, taken) for item in batch.items]
    rows = [_manifest_row(item, file) for item, file in zip(batch.items, packed, strict=True)]
    files = [file for file in packed if file is not None]
    if not files:
        raise BatchConflict
    head = {
        "batch_id": batch.id,
        "status": summary(batch).status.value,
        "created_at": iso8601(batch.created_at),
        "packed_at": iso8601(utcnow()),
    }
    return Archive(archive_name(batch), files, head, rows)


def archive_name(batch: Batch) -> str:
    """Return the name that an archive of the batch is offered under."""
    return f"images-{batch.created_at:%Y-%m-%d}.zip"


def _judge(
    session: Session, submissions: Submissions, file: IncomingFile, options: UpscaleOptions
) -> CheckedFile | UpscalerError:
    try:
        return submissions.check(session, file, options)
    except UpscalerError as error:
        if error.status >= 500:
            raise
        return error


def _named(files: Sequence[IncomingFile], judged: Sequence[CheckedFile | UpscalerError]) -> str:
    """List the first refused files with the codes of their errors."""
    named = [
        f"{safe_filename(file.filename)} ({found.code})"
        for file, found in zip(files, judged, strict=True)
        if isinstance(found, UpscalerError)
    ]
    return ", ".join(named[:_NAMED]) + (", ..." if len(named) > _NAMED else "")


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


def _packed(job: Job | None, taken: set[str]) -> PackedFile | None:
    if job is None or job.state is not JobStatus.COMPLETED or job.result_path is None:
        return None
    return PackedFile(
        key=job.result_path,
        name=_free_name(result_name(job), taken),
        size_bytes=job.result_size_bytes or 0,
        modified_at=job.finished_at or job.created_at,
    )


def _free_name(name: str, taken: set[str]) -> str:
    """Return a name that every file system can hold beside those in ``taken``, and add it to them."""
    stem, _, ending = unicodedata.normalize("NFC", _UNSAFE.sub("_", name)).rpartition(".")
    stem = stem.lstrip(". ").encode()[:_STEM_BYTES].decode(errors="ignore")
    free, number = f"{stem}.{ending}", 1
    while free.casefold() in taken:
        number += 1
        free = f"{stem}-{number}.{ending}"
    taken.add(free.casefold())
    return free


def _manifest_row(item: BatchItem, file: PackedFile | None) -> dict[str, Any]:
    job = item.job
    told = item if job is None else job
    error = None
    if told.error_code and told.error_message:
        values = told.error_values
        error = {
            "code": told.error_code,
            "detail": told.error_message % values if values else told.error_message,
        }
    return {
        "filename": item.filename,
        "job_id": item.job_id,
        "status": item_status(item),
        "result": file.name if file else None,
        "size_bytes": job.result_size_bytes if job and file else None,
        "sha256": job.result_sha256 if job and file else None,
        "error": error,
    }

"""Submission of batches: the files that can be used become jobs, and the errors of the others are noted."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import structlog
from sqlalchemy.orm import Session

from upscaler.engine.options import UpscaleOptions
from upscaler.errors import BatchRefused, UpscalerError
from upscaler.models import Batch, BatchItem
from upscaler.services.audit import Actor
from upscaler.services.files.incoming import IncomingFile
from upscaler.services.files.names import safe_filename
from upscaler.services.jobs.file_checks import CheckedFile
from upscaler.services.jobs.new_jobs import Sender
from upscaler.services.jobs.submissions import Submissions

log = structlog.get_logger()

# Refused files that the error of a whole batch names.
_NAMED = 5


@contextlib.contextmanager
def stored(
    session: Session,
    submissions: Submissions,
    files: Sequence[IncomingFile],
    options: UpscaleOptions,
    sender: Sender,
    actor: Actor,
) -> Iterator[str]:
    """Store a batch and yield its id; rows that the block adds are committed with it, and its jobs are enqueued then.

    When this raises, no file and no row is left; see ``jobs.submissions``.

    Raises:
        QueueFull: there is no room for all of them.
        BatchRefused: none of the files can be used.
        ServiceUnavailable, StorageFull: the service is at fault, not the files.
    """
    submissions.check_queue(session, len(files))
    checked = [_check(session, submissions, file, options, actor) for file in files]
    good = [found for found in checked if isinstance(found, CheckedFile)]
    if not good:
        raise BatchRefused(files=_named(files, checked))
    batch = Batch(owner_id=sender.owner_id)
    with submissions.stored(session, good, options, sender) as jobs:
        ids = iter([job.id for job in jobs])
        session.add(batch)
        for position, (file, found) in enumerate(zip(files, checked, strict=True)):
            item = BatchItem(position=position, filename=safe_filename(file.filename))
            if isinstance(found, UpscalerError):
                item.error_code, item.error_message = found.code, found.message
                item.error_values = {name: str(value) for name, value in found.values.items()} or None
            else:
                item.job_id = next(ids)
            batch.items.append(item)
        session.flush()
        # Read before the commit, which expires the objects of the session.
        batch_id = batch.id
        yield batch_id
    log.info("batch.accepted", batch_id=batch_id, files=len(files), jobs=len(good))


def _check(
    session: Session, submissions: Submissions, file: IncomingFile, options: UpscaleOptions, actor: Actor
) -> CheckedFile | UpscalerError:
    try:
        return submissions.check(session, file, options, actor)
    except UpscalerError as error:
        if error.status >= 500:
            raise
        return error


def _named(files: Sequence[IncomingFile], checked: Sequence[CheckedFile | UpscalerError]) -> str:
    """List the first refused files with the codes of their errors."""
    named = [
        f"{safe_filename(file.filename)} ({found.code})"
        for file, found in zip(files, checked, strict=True)
        if isinstance(found, UpscalerError)
    ]
    return ", ".join(named[:_NAMED]) + (", ..." if len(named) > _NAMED else "")

"""Submission of images: check the quota and the files, store them, insert their jobs, and only then enqueue these.

Files and rows are accepted together or not at all, whenever the process dies. The caller's block runs inside, so that
the response to the request is stored in the same transaction as the jobs that it reports::

    with submissions.stored(session, files, options, sender) as jobs:
    |   reserve keys in pending_files            commit: files are collected when the process dies from here on
    |   store the files
    |   remove the reservations                  }
    |   insert uploads, jobs, log lines          }  one transaction
    |       the block: batch, idempotency record }
    |   commit                                   }  the jobs exist from here on
    enqueue the jobs                             a lost id is enqueued again by the reaper

An error before the last commit rolls the transaction back and removes the files.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import structlog
from sqlalchemy.orm import Session

from upscaler.engine.options import UpscaleOptions
from upscaler.engine.process.inspector_pool import InspectorPool
from upscaler.errors import gathered
from upscaler.models import Job, Priority
from upscaler.services.audit import Actor
from upscaler.services.files import pending_files
from upscaler.services.files.incoming import IncomingFile
from upscaler.services.files.virus_scan import VirusScanner
from upscaler.services.jobs import batch_items, file_checks, lifecycle, offers, quota
from upscaler.services.jobs.file_checks import CheckedFile
from upscaler.services.jobs.new_jobs import Sender, new_job, new_upload
from upscaler.services.jobs.params import options_of
from upscaler.services.jobs.queue import Queue, dispatch
from upscaler.services.jobs.workers import devices_online
from upscaler.services.notifications.rules import Notifications
from upscaler.services.settings.runtime import RuntimeSettings
from upscaler.storage import Storage

log = structlog.get_logger()


class Submissions:
    """Accepts images."""

    def __init__(
        self,
        storage: Storage,
        inspector: InspectorPool,
        scanner: VirusScanner | None,
        settings: RuntimeSettings,
        queue: Queue,
    ) -> None:
        self._storage = storage
        self._inspector = inspector
        self._scanner = scanner
        self._settings = settings
        self._queue = queue

    def check_queue(self, session: Session, jobs: int) -> None:
        """Raise ``QueueFull`` when there is no room for so many more jobs.

        ``stored`` checks it as well; a call before images are fetched or unpacked saves that work.
        """
        quota.check_queue(session, self._settings.values(session), jobs)

    def check(
        self, session: Session, incoming: IncomingFile, options: UpscaleOptions, actor: Actor
    ) -> CheckedFile:
        """Check a received file; nothing is stored yet.

        Raises as ``VirusScanner.check`` and ``file_checks.check_file`` do.
        """
        if self._scanner is not None:
            self._scanner.check(session, incoming, actor)
        return file_checks.check_file(self._inspector, incoming, options, self._settings.values(session))

    @contextlib.contextmanager
    def stored(
        self, session: Session, files: Sequence[CheckedFile], options: UpscaleOptions, sender: Sender
    ) -> Iterator[list[Job]]:
        """Store files and yield a new job for each; rows that the block adds are committed with them.

        When this raises, no file and no row is left.

        Raises:
            QueueFull: there is no room for so many jobs.
            UnknownModel: the model does not exist.
            StorageUnavailable, StorageFull: the storage did not take the files.
        """
        self.check_queue(session, len(files))
        uploads = [new_upload(file, sender.owner_id) for file in files]
        devices = devices_online(session)
        jobs = [new_job(session, upload, options, sender, devices) for upload in uploads]
        keys = [upload.storage_path for upload in uploads]
        with pending_files.reserved(session, self._storage, keys):
            for key, file in zip(keys, files, strict=True):
                self._storage.save(key, file.incoming.path)
            pending_files.commit(session, keys)
            session.add_all(uploads)
            session.flush()
            session.add_all(jobs)
            session.flush()
            for job in jobs:
                lifecycle.add_log(session, job.id, "accepted")
            yield jobs
            session.commit()
        for job, upload in zip(jobs, uploads, strict=True):
            log.info(
                "job.accepted",
                job_id=job.id,
                upload_id=upload.id,
                width=upload.width,
                height=upload.height,
                model=job.model,
            )
            dispatch(session, self._queue, job.id)

    def run_again(self, session: Session, job: Job, overrides: Mapping[str, Any]) -> Job:
        """Add a new job for the same upload, with the old parameters where ``overrides`` has none.

        It belongs to the owner of the old job, and its messages go to the same recipients, no matter who asked for it.
        The item of a batch follows it, see ``batch_items``. It is added within the caller's transaction; ``start`` it
        after the commit.

        Raises:
            UnknownParameter, InvalidParameter, UnknownModel: overrides are not possible.
            ResultTooLarge: the result would have more pixels than are allowed.
            FileGone: the original is no longer stored.
        """
        limits = self._settings.values(session)
        options, _ = gathered(
            partial(options_of(job.params).changed, overrides),
            partial(offers.check, session, limits, overrides),
        )
        upload = job.upload
        file_checks.check_result_size(upload.width, upload.height, options, limits)
        self._storage.stat(upload.storage_path)
        recipients = Notifications(job.callback_url, job.notify_email, job.language)
        sender = Sender(job.submitter, job.owner_id, Priority(job.priority), recipients)
        again = new_job(session, upload, options, sender, devices_online(session))
        again.parent_id, again.owner_gone = job.id, job.owner_gone
        session.add(again)
        session.flush()
        lifecycle.add_log(session, again.id, f"accepted as a new run of {job.id}")
        batch_items.follow(session, job, again)
        return again

    def start(self, session: Session, again: Job) -> None:
        """Enqueue a new run."""
        log.info("job.requeued", job_id=again.id, parent_id=again.parent_id)
        dispatch(session, self._queue, again.id)

    def close(self) -> None:
        """End the process that inspects images."""
        self._inspector.close()

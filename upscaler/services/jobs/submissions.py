"""Taking an image in: check it, store it, write it down, and only then ask a worker to upscale it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config import RuntimeValues
from upscaler.engine.imaging import formats
from upscaler.engine.imaging.hashing import sha256_of
from upscaler.engine.imaging.inspection import InspectionLimits
from upscaler.engine.imaging.opening import ImageInfo
from upscaler.engine.model_zoo.recipe_builder import recipe_for
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.process.inspector import Inspector
from upscaler.errors import EmptyFile, FileTooLarge, QueueFull, ResultTooLarge
from upscaler.models import Job, JobStatus, Priority, Upload
from upscaler.models.types import random_id
from upscaler.services.files import pending_files
from upscaler.services.files.incoming import IncomingFile
from upscaler.services.files.names import fitting_filename, readable_bytes, safe_filename
from upscaler.services.jobs import estimates, lifecycle
from upscaler.services.jobs.params import job_params, options_of
from upscaler.services.jobs.queue import Queue, dispatch
from upscaler.services.jobs.workers import devices_online
from upscaler.services.models import model_table
from upscaler.services.notifications.rules import Notifications
from upscaler.services.settings.runtime import RuntimeSettings
from upscaler.storage import Storage, make_key

log = structlog.get_logger()


@dataclass(frozen=True)
class Sender:
    """Who sends an image.

    Attributes:
        submitter: by what the images of this sender belong together when turns are shared.
        owner_id: the account, None for a visitor.
        priority: of the job.
        notifications: who is told when the job ends.
    """

    submitter: str
    owner_id: int | None = None
    priority: Priority = Priority.NORMAL
    notifications: Notifications = field(default_factory=Notifications)


@dataclass(frozen=True)
class CheckedFile:
    """A file that is accepted: what it holds, and its size in bytes."""

    incoming: IncomingFile
    info: ImageInfo
    size_bytes: int


class Submissions:
    """Accept images."""

    def __init__(
        self, storage: Storage, inspector: Inspector, settings: RuntimeSettings, queue: Queue
    ) -> None:
        self._storage = storage
        self._inspector = inspector
        self._settings = settings
        self._queue = queue

    def check_room(self, session: Session, images: int) -> None:
        """Raise ``QueueFull`` when there is no room for so many more jobs."""
        check_queue(session, self._settings.values(session).queue_limit, images)

    def check(self, session: Session, incoming: IncomingFile, options: UpscaleOptions) -> CheckedFile:
        """Judge a received file; nothing is stored yet.

        Raises:
            EmptyFile, FileTooLarge, UnsupportedImage, ExtensionMismatch, TooManyPixels, SeveralImages, DamagedImage:
                the file is refused.
            ResultTooLarge: the result would have more pixels than are allowed, or than its kind of file holds.
            InvalidParameter, TargetOutOfRange: the factor is not offered, or the wanted size takes another one.
        """
        limits = self._settings.values(session)
        size = checked_size(incoming.path, limits.max_upload_size_bytes)
        info = self._inspector.inspect(incoming.path, inspection_limits(limits), incoming.claimed_name)
        check_result_size(info.width, info.height, options, limits.factors, limits.max_output_pixels)
        return CheckedFile(incoming, info, size)

    @contextlib.contextmanager
    def stored(
        self, session: Session, files: Sequence[CheckedFile], options: UpscaleOptions, sender: Sender
    ) -> Iterator[list[Job]]:
        """Store files and add a job for each; whatever the block adds is committed with them, and the jobs begin then.

        All or nothing: when this raises, no file and no row is left.

        Raises:
            UnknownModel: the model is not there.
            StorageUnavailable, StorageFull: the storage did not take the files.
        """
        uploads = [self._new_upload(file, sender.owner_id) for file in files]
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

    def run_again(
        self, session: Session, job: Job, overrides: Mapping[str, Any], owner_id: int | None
    ) -> Job:
        """Add a new job for the same upload, with the old parameters where ``overrides`` has none.

        Whoever was told of the old job's end is told of the new one's too. It is added within the caller's
        transaction; ``start`` it after the commit.

        Raises:
            UnknownParameter, InvalidParameter: an override is not possible.
            ResultTooLarge: the result would have more pixels than are allowed.
            FileGone: the original is no longer kept.
        """
        options = options_of(job.params).changed(overrides)
        limits = self._settings.values(session)
        check_result_size(
            job.upload.width, job.upload.height, options, limits.factors, limits.max_output_pixels
        )
        self._storage.stat(job.upload.storage_path)
        wanted = Notifications(job.callback_url, job.notify_email, job.language)
        sender = Sender(job.submitter, owner_id, Priority(job.priority), wanted)
        again = new_job(session, job.upload, options, sender, devices_online(session))
        again.parent_id = job.id
        session.add(again)
        session.flush()
        lifecycle.add_log(session, again.id, f"accepted as a new run of {job.id}")
        return again

    def start(self, session: Session, again: Job) -> None:
        """Hand a new run to the workers."""
        log.info("job.requeued", job_id=again.id, parent_id=again.parent_id)
        dispatch(session, self._queue, again.id)

    def close(self) -> None:
        """End the process that inspects images."""
        self._inspector.close()

    def _new_upload(self, file: CheckedFile, owner_id: int | None) -> Upload:
        upload_id, incoming, info = random_id("upl"), file.incoming, file.info
        name = incoming.filename
        if incoming.guessed_name:
            name = fitting_filename(name, formats.extensions_of(info.mime_type))
        return Upload(
            id=upload_id,
            storage_path=make_key("uploads", upload_id, formats.extensions_of(info.mime_type)[0]),
            owner_id=owner_id,
            original_filename=safe_filename(name),
            mime_type=info.mime_type,
            size_bytes=file.size_bytes,
            width=info.width,
            height=info.height,
            sha256=sha256_of(incoming.path),
        )


def new_job(
    session: Session, upload: Upload, options: UpscaleOptions, sender: Sender, devices: Sequence[str]
) -> Job:
    """Build the row of a job for workers with these devices; the caller adds it. Raises ``UnknownModel``."""
    options, model = model_table.chosen(session, options)
    recipe = recipe_for(options, upload.width, upload.height, model)
    work = estimates.Work(recipe, upload.width * upload.height, options.refine_faces)
    return Job(
        id=random_id("job"),
        upload_id=upload.id,
        owner_id=sender.owner_id,
        submitter=sender.submitter,
        priority=sender.priority.value,
        params=job_params(options, sender.notifications),
        notify_email=sender.notifications.email,
        language=sender.notifications.language,
        model=recipe.name,
        estimated_seconds=estimates.own_seconds(session, work, devices),
    )


def checked_size(path: Path, limit: int) -> int:
    """Return the size of a received file in bytes; raise ``EmptyFile`` or ``FileTooLarge``."""
    size = path.stat().st_size
    if size == 0:
        raise EmptyFile
    if size > limit:
        raise FileTooLarge(limit=readable_bytes(limit))
    return size


def inspection_limits(values: RuntimeValues) -> InspectionLimits:
    """Return what the settings in force allow of an image."""
    return InspectionLimits(
        allowed_mimes=values.allowed_mimes,
        max_side=values.max_image_side,
        max_pixels=values.max_input_pixels,
        series=values.frames == "first",
    )


def check_queue(session: Session, limit: int, more: int = 1) -> None:
    """Raise ``QueueFull`` when more than ``limit`` jobs would wait with so many more."""
    waiting = (
        session.scalar(select(func.count()).select_from(Job).where(Job.status == JobStatus.QUEUED.value)) or 0
    )
    if waiting + more > limit:
        raise QueueFull


def check_result_size(
    width: int, height: int, options: UpscaleOptions, factors: Sequence[str], max_pixels: int
) -> None:
    """Raise ``ResultTooLarge``, or ``FormatTooSmall``, when there is no room for the upscaled image.

    Raises as well what ``UpscaleOptions.result_size`` does.
    """
    wide, high = options.result_size(width, height, factors)
    if wide * high > max_pixels:
        raise ResultTooLarge(width=wide, height=high, limit=f"{max_pixels:,} pixels")
    formats.check_result_size(wide, high, formats.format_named(options.output_format))

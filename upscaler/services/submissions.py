"""Taking a picture in: check it, store it, write it down, and only then ask a worker to enlarge it."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from upscaler.engine import formats
from upscaler.engine.inspection import ImageInfo, InspectionLimits
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.presets import recipe_for
from upscaler.engine.process.inspector import Inspector
from upscaler.errors import EmptyFile, FileTooLarge, QueueFull, ResultTooLarge, StorageUnavailable
from upscaler.models import Job, JobStatus, Upload
from upscaler.models.types import random_id
from upscaler.services import estimates, lifecycle
from upscaler.services.notifications import CALLBACK, Notifications, job_params, options_of
from upscaler.services.queue import Queue, dispatch
from upscaler.services.settings import RuntimeSettings
from upscaler.storage import Storage, make_key

log = structlog.get_logger()


@dataclass(frozen=True)
class IncomingFile:
    """A received file on the local disk, with the name that the sender gave it."""

    path: Path
    filename: str


class Submissions:
    """Accept pictures."""

    def __init__(
        self, storage: Storage, inspector: Inspector, settings: RuntimeSettings, queue: Queue
    ) -> None:
        self._storage = storage
        self._inspector = inspector
        self._settings = settings
        self._queue = queue

    def submit(
        self,
        session: Session,
        incoming: IncomingFile,
        options: UpscaleOptions,
        owner_id: int | None,
        wanted: Notifications | None = None,
    ) -> Job:
        """Make a job out of a received file and return it, queued. ``wanted`` says who is told when it ends.

        Nothing is stored and no row is left when this raises.

        Raises:
            QueueFull: too many jobs wait already.
            EmptyFile, FileTooLarge, UnsupportedImage, ExtensionMismatch, TooManyPixels, SeveralPictures, DamagedImage:
                the file is refused.
            ResultTooLarge: the result would have more pixels than are allowed, or than its kind of file holds.
            InvalidParameter, TargetOutOfRange: the factor is not offered, or the wanted size takes another one.
        """
        limits = self._settings.all(session)
        check_queue(session, limits["queue_limit"])
        size = incoming.path.stat().st_size
        if size == 0:
            raise EmptyFile
        if size > limits["max_upload_size_bytes"]:
            raise FileTooLarge(limit=readable_bytes(limits["max_upload_size_bytes"]))
        allowed = InspectionLimits(
            allowed_mimes=tuple(limits["allowed_mimes"]),
            max_side=limits["max_image_side"],
            max_pixels=limits["max_input_pixels"],
            series=limits["frames"] == "first",
        )
        info = self._inspector.inspect(incoming.path, allowed, incoming.filename)
        check_result_size(info.width, info.height, options, limits["factors"], limits["max_output_pixels"])
        upload = self._new_upload(incoming, info, size, owner_id)
        job = new_job(session, upload, options, owner_id, wanted or Notifications())
        self._storage.save(upload.storage_path, incoming.path)
        try:
            session.add(upload)
            session.flush()
            session.add(job)
            session.flush()
            lifecycle.add_log(session, job.id, "accepted")
            session.commit()
        except BaseException:
            session.rollback()
            # A storage that is down now leaves a file that nothing points to; the first error is the one to tell.
            with contextlib.suppress(StorageUnavailable):
                self._storage.delete(upload.storage_path)
            raise
        log.info(
            "job.accepted",
            job_id=job.id,
            upload_id=upload.id,
            width=info.width,
            height=info.height,
            model=job.model,
        )
        dispatch(session, self._queue, job.id)
        return job

    def requeue(self, session: Session, job: Job, overrides: dict[str, Any], owner_id: int | None) -> Job:
        """Make a new job for the same upload, with the old parameters where ``overrides`` has none.

        Whoever was told of the old job's end is told of the new one's too.

        Raises:
            UnknownParameter, InvalidParameter: an override is not possible.
            ResultTooLarge: the result would have more pixels than are allowed.
            FileGone: the original is no longer kept.
        """
        options = options_of(job.params).changed(overrides)
        limits = self._settings.all(session)
        check_result_size(
            job.upload.width, job.upload.height, options, limits["factors"], limits["max_output_pixels"]
        )
        self._storage.stat(job.upload.storage_path)
        wanted = Notifications(job.params.get(CALLBACK), job.notify_email, job.language)
        again = new_job(session, job.upload, options, owner_id, wanted)
        again.parent_id = job.id
        session.add(again)
        session.flush()
        lifecycle.add_log(session, again.id, f"accepted as a new run of {job.id}")
        session.commit()
        log.info("job.requeued", job_id=again.id, parent_id=job.id)
        dispatch(session, self._queue, again.id)
        return again

    def close(self) -> None:
        """End the process that inspects pictures."""
        self._inspector.close()

    def _new_upload(self, incoming: IncomingFile, info: ImageInfo, size: int, owner_id: int | None) -> Upload:
        upload_id = random_id("upl")
        return Upload(
            id=upload_id,
            storage_path=make_key("uploads", upload_id, formats.extensions_of(info.mime_type)[0]),
            owner_id=owner_id,
            original_filename=safe_filename(incoming.filename),
            mime_type=info.mime_type,
            size_bytes=size,
            width=info.width,
            height=info.height,
            sha256=sha256_of(incoming.path),
        )


def new_job(
    session: Session, upload: Upload, options: UpscaleOptions, owner_id: int | None, wanted: Notifications
) -> Job:
    """Build the row of a job; the caller adds it to the session."""
    recipe = recipe_for(options, upload.width, upload.height)
    return Job(
        id=random_id("job"),
        upload_id=upload.id,
        owner_id=owner_id,
        params=job_params(options, wanted),
        notify_email=wanted.email,
        language=wanted.language,
        model=recipe.name,
        estimated_seconds=estimates.own_seconds(session, recipe, upload.width * upload.height),
    )


def check_queue(session: Session, limit: int) -> None:
    """Raise ``QueueFull`` when ``limit`` jobs wait already."""
    waiting = (
        session.scalar(select(func.count()).select_from(Job).where(Job.status == JobStatus.QUEUED.value)) or 0
    )
    if waiting >= limit:
        raise QueueFull


def check_result_size(
    width: int, height: int, options: UpscaleOptions, factors: Sequence[str], max_pixels: int
) -> None:
    """Raise ``ResultTooLarge``, or ``FormatTooSmall``, when there is no room for the enlarged picture.

    Raises as well what ``UpscaleOptions.result_size`` does.
    """
    wide, high = options.result_size(width, height, factors)
    if wide * high > max_pixels:
        raise ResultTooLarge(width=wide, height=high, limit=f"{max_pixels:,} pixels")
    formats.check_result_size(wide, high, formats.format_named(options.output_format))


def safe_filename(name: str) -> str:
    """Return the last part of a file name, without control characters, at most 255 characters; never empty."""
    base = name.replace("\\", "/").rpartition("/")[2]
    printable = "".join(character for character in base if character.isprintable()).strip()
    return printable[-255:] or "picture"


def readable_bytes(size: int) -> str:
    """Write a size as people do, such as ``15 MB``."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size} bytes"


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, read in blocks."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()

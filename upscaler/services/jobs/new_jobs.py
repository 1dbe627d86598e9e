"""Building the rows of uploads and jobs; the caller adds them to a session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from upscaler.engine.imaging import formats
from upscaler.engine.imaging.hashing import sha256_of
from upscaler.engine.model_zoo.catalogue import Model
from upscaler.engine.model_zoo.recipe_builder import recipe_for
from upscaler.engine.model_zoo.recipes import Recipe
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.presets import source_of
from upscaler.models import Job, Priority, Upload
from upscaler.models.types import random_id
from upscaler.services.files.names import upload_name
from upscaler.services.jobs import estimates
from upscaler.services.jobs.file_checks import CheckedFile
from upscaler.services.jobs.params import job_params
from upscaler.services.models import model_table
from upscaler.services.notifications.rules import Notifications
from upscaler.storage import make_key


@dataclass(frozen=True)
class Sender:
    """The sender of an image.

    Attributes:
        submitter: groups the jobs of a sender when workers are shared fairly.
        owner_id: the account, None for a visitor.
        priority: of the job.
        notifications: recipients of messages about the job.
    """

    submitter: str
    owner_id: int | None = None
    priority: Priority = Priority.NORMAL
    notifications: Notifications = field(default_factory=Notifications)


def new_upload(file: CheckedFile, owner_id: int | None) -> Upload:
    """Build the row of an accepted file, with the storage key of its original."""
    upload_id, info = random_id("upl"), file.info
    extensions = formats.extensions_of(info.mime_type)
    return Upload(
        id=upload_id,
        storage_path=make_key("uploads", upload_id, extensions[0]),
        owner_id=owner_id,
        original_filename=upload_name(file.incoming, extensions),
        mime_type=info.mime_type,
        size_bytes=file.size_bytes,
        width=info.width,
        height=info.height,
        sha256=sha256_of(file.incoming.path),
        jpeg_quality=info.jpeg_quality,
    )


def recipe_of(upload: Upload, options: UpscaleOptions, model: Model | None) -> Recipe:
    """Return the recipe for an upload as far as its file's header tells; a worker may find more in the pixels."""
    return recipe_for(options, source_of(upload.jpeg_quality), (upload.width, upload.height), model)


def new_job(
    session: Session, upload: Upload, options: UpscaleOptions, sender: Sender, devices: Sequence[str]
) -> Job:
    """Build the row of a job, estimated for workers with these devices; raise ``UnknownModel``."""
    options, model = model_table.chosen(session, options)
    recipe = recipe_of(upload, options, model)
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
        recipe=recipe.name,
        model=recipe.name,
        estimated_seconds=estimates.own_seconds(session, work, devices),
    )

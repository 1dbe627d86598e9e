"""Jobs in responses."""

from __future__ import annotations

from marshmallow import Schema

from upscaler.engine.progress import STEPS
from upscaler.models import JobStatus
from upscaler.views.api.paging import PageSchema
from upscaler.views.api.schemas.described import flag, integer, list_of, moment, nested, real, text, url
from upscaler.views.api.schemas.errors import ErrorSchema, StatusReasonSchema
from upscaler.views.api.schemas.params import ParamsSchema
from upscaler.views.api.schemas.receipts import ReceiptSchema

STATUSES = tuple(status.value for status in JobStatus)


class AcceptedJobSchema(Schema):
    """A job that was accepted."""

    id = text("id of the job")
    job_id = text("the same id")
    upload_id = text("id of the uploaded image")
    status = text("state of the job", choices=STATUSES)
    status_reason = nested(
        StatusReasonSchema, "why the job does not go on; null while nothing holds it up", nullable=True
    )
    created_at = moment("when the job was accepted")
    estimated_seconds = integer(
        "seconds until the job should be done; null while no worker is online", nullable=True
    )


class UploadSchema(Schema):
    """An uploaded image."""

    id = text("id of the upload")
    upload_id = text("the same id")
    filename = text("name of the file as it was sent")
    mime_type = text("kind of the file, found in its content")
    width = integer("width in pixels")
    height = integer("height in pixels")
    size_bytes = integer("size of the file in bytes")
    created_at = moment("when the image was uploaded")


class ResultSchema(Schema):
    """An upscaled image."""

    width = integer("width in pixels")
    height = integer("height in pixels")
    size_bytes = integer("size of the file in bytes")
    mime_type = text("kind of the file")


class LogLineSchema(Schema):
    """A line of a job's log."""

    created_at = moment("when the line was written")
    level = text("`info`, `warning` or `error`")
    message = text("what happened")


class JobSummarySchema(Schema):
    """A job in a list."""

    id = text("id of the job")
    job_id = text("the same id")
    upload_id = text("id of the uploaded image")
    parent_id = text("id of the job that this one repeats", nullable=True)
    status = text("state of the job", choices=STATUSES)
    progress = integer("percentage of the work that is done", least=0, most=100)
    progress_exact = real("the same with two decimals, which rise every few seconds", least=0, most=100)
    step = text(
        "what a running job does: `decoding`, `upscaling`, `encoding` or `storing`; null before and after",
        choices=STEPS,
        nullable=True,
    )
    params = nested(ParamsSchema, "the options in force; they can be sent again as they are")
    has_callback = flag("whether a webhook reports the end; its URL is not shown")
    model = text("name of the models that were chosen; of those that ran, once the job is completed")
    device = text("the engine and the device that the job ran on, once it is completed", nullable=True)
    filename = text("name of the image's file as it was sent")
    created_at = moment("when the job was accepted")
    started_at = moment("when a worker began", nullable=True)
    finished_at = moment("when the job ended", nullable=True)
    duration_seconds = integer(
        "seconds of work until the job ended, however it ended; null before, and where no work began",
        nullable=True,
    )


class JobListSchema(PageSchema):
    """Jobs, the newest first."""

    items = list_of(JobSummarySchema, "the jobs of this page")


class JobSchema(Schema):
    """The state of a job."""

    id = text("id of the job")
    job_id = text("the same id")
    upload_id = text("id of the uploaded image")
    parent_id = text("id of the job that this one repeats", nullable=True)
    status = text("state of the job", choices=STATUSES)
    status_reason = nested(
        StatusReasonSchema, "why the job does not go on; null while nothing holds it up", nullable=True
    )
    progress = integer("percentage of the work that is done", least=0, most=100)
    progress_exact = real("the same with two decimals, which rise every few seconds", least=0, most=100)
    step = text(
        "what a running job does: `decoding`, `upscaling`, `encoding` or `storing`; null before and after",
        choices=STEPS,
        nullable=True,
    )
    worker_id = text("id of the worker that runs the job; null unless it is running", nullable=True)
    params = nested(ParamsSchema, "the options in force; they can be sent again as they are")
    has_callback = flag("whether a webhook reports the end; its URL is not shown")
    model = text("name of the models that were chosen; of those that ran, once the job is completed")
    device = text("the engine and the device that the job ran on, once it is completed", nullable=True)
    created_at = moment("when the job was accepted")
    started_at = moment("when a worker began", nullable=True)
    finished_at = moment("when the job ended", nullable=True)
    duration_seconds = integer(
        "seconds of work until the job ended, however it ended; null before, and where no work began",
        nullable=True,
    )
    estimated_seconds = integer(
        "seconds until the job should be done; 0 once it has ended, null while no worker is online",
        nullable=True,
    )
    takes_longer = flag("whether the job has taken longer than was estimated, and goes on")
    queue_position = integer("place in the queue, 1 is next; null unless it waits", nullable=True)
    original_file = url("signed link to the uploaded image")
    original_preview_file = url("signed link to a small WebP copy of it, once there is one", nullable=True)
    preview_file = url("signed link to a small WebP copy of the result, once there is one", nullable=True)
    result_file = url("signed link to the result, once the job is completed", nullable=True)
    upload = nested(UploadSchema, "the uploaded image")
    result = nested(ResultSchema, "the result, once the job is completed", nullable=True)
    error = nested(ErrorSchema, "why the job failed; null unless it did", nullable=True)
    receipt = nested(
        ReceiptSchema, "what was kept and what was changed, once the job is completed", nullable=True
    )
    may_change = flag("whether the caller may cancel, retry and delete the job")
    logs = list_of(LogLineSchema, "the last lines of the job's log")

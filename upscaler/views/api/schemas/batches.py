"""Batches in responses."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from upscaler.services.batches.state import ITEM_STATES, BatchStatus
from upscaler.views.api.paging import PageQuery, PageSchema
from upscaler.views.api.schemas.described import integer, list_of, moment, nested, text, url
from upscaler.views.api.schemas.errors import ErrorSchema, StatusReasonSchema
from upscaler.views.api.schemas.periods import PeriodQuery

STATUSES = tuple(status.value for status in BatchStatus)


class BatchCountsSchema(Schema):
    """Number of files in each state."""

    total = integer("files of the batch")
    queued = integer("files whose job waits")
    running = integer("files whose job runs")
    completed = integer("files with a result")
    failed = integer("files whose job failed")
    canceled = integer("files whose job was canceled")
    refused = integer("files that never became a job")
    deleted = integer("files whose job was deleted")


class BatchItemSchema(Schema):
    """A file of a batch."""

    filename = text("name of the file as it was sent")
    status = text("state of its job, or why it has none", choices=ITEM_STATES)
    progress = integer("percentage of the work that is done", least=0, most=100)
    job_id = text("id of its job", nullable=True)
    parent_id = text("id of the job that this one repeats", nullable=True)
    upload_id = text("id of the uploaded image", nullable=True)
    job_url = url("address of its job", nullable=True)
    original_file = url("signed link to the uploaded image", nullable=True)
    original_preview_file = url("signed link to a small WebP copy of it", nullable=True)
    preview_file = url("signed link to a small WebP copy of the result", nullable=True)
    result_file = url("signed link to the result", nullable=True)
    error = nested(ErrorSchema, "why the file was refused or its job failed", nullable=True)


class BatchSummarySchema(Schema):
    """A batch in a list."""

    id = text("id of the batch")
    status = text("state of the whole batch", choices=STATUSES)
    progress = integer("percentage of the work that is done", least=0, most=100)
    created_at = moment("when the batch was accepted")
    counts = nested(BatchCountsSchema, "how many files are in which state")


class BatchSchema(BatchSummarySchema):
    """A batch and each of its files."""

    status_reason = nested(
        StatusReasonSchema, "why the batch does not go on; null while nothing holds it up", nullable=True
    )
    estimated_seconds = integer(
        "seconds until all should be done; 0 once they are, null while no worker is online", nullable=True
    )
    result_file = url("signed link to a ZIP file of the results, once there is one", nullable=True)
    items = list_of(BatchItemSchema, "the files, in the order in which they were sent")


class AdminBatchesQuery(PageQuery, PeriodQuery):
    """Filters of batches."""

    owner = fields.String(
        load_default=None,
        validate=validate.Length(1, 100),
        metadata={"description": "a part of a user name; `-` for batches of visitors"},
    )


class AdminBatchSummarySchema(BatchSummarySchema):
    """A batch in the operator's list."""

    owner = text("user name of the owner; null for a visitor's batch", nullable=True)


class AdminBatchSchema(BatchSchema):
    """A batch, each of its files, and whose it is."""

    owner = text("user name of the owner; null for a visitor's batch", nullable=True)


class AdminBatchListSchema(PageSchema):
    """Batches, the newest first."""

    items = list_of(AdminBatchSummarySchema, "the batches of this page")

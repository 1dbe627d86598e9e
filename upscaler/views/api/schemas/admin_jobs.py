"""Jobs in requests and responses of admins."""

from __future__ import annotations

from marshmallow import fields, validate

from upscaler.views.api.paging import PageQuery, PageSchema
from upscaler.views.api.schemas.deliveries import DeliverySchema
from upscaler.views.api.schemas.described import integer, list_of, moment, text
from upscaler.views.api.schemas.jobs import STATUSES, JobSchema, JobSummarySchema, LogLineSchema
from upscaler.views.api.schemas.periods import PeriodQuery

_text = validate.Length(1, 100)


class AdminJobsQuery(PageQuery, PeriodQuery):
    """Filters of jobs."""

    status = fields.String(
        load_default=None, validate=validate.OneOf(STATUSES), metadata={"description": "state of the job"}
    )
    owner = fields.String(
        load_default=None,
        validate=_text,
        metadata={"description": "a part of a user name; `-` for jobs of visitors"},
    )
    model = fields.String(load_default=None, validate=_text, metadata={"description": "a part of the name"})
    q = fields.String(
        load_default=None, validate=_text, metadata={"description": "a part of an id or of the file's name"}
    )


class AdminJobSummarySchema(JobSummarySchema):
    """A job in the operator's list."""

    owner = text("user name of the owner; null for a visitor's job", nullable=True)
    worker_id = text("id of the last worker", nullable=True)
    attempts = integer("how often a worker began")
    error_code = text("code of the error that it failed with", nullable=True)


class AdminJobListSchema(PageSchema):
    """Jobs of everyone, the newest first."""

    items = list_of(AdminJobSummarySchema, "the jobs of this page")


class AdminJobSchema(JobSchema):
    """All about a job, the full log included."""

    owner = text("user name of the owner; null for a visitor's job", nullable=True)
    attempts = integer("how often a worker began")
    last_worker_id = text("id of the last worker", nullable=True)
    lease_expires_at = moment("when the worker's lease expires", nullable=True)
    enqueued_at = moment("when the job was handed to the queue", nullable=True)
    error_reason = text("the internal reason of the error, where there is one", nullable=True)
    trace = text("traceback of the worker, or log tail of its engine", nullable=True)
    result_sha256 = text("SHA-256 of the result's file", nullable=True)
    logs = list_of(LogLineSchema, "the whole log of the job")
    deliveries = list_of(DeliverySchema, "messages about the end of the job")

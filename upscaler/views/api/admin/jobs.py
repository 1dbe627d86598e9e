"""All jobs of all people, what the workers know about them, and how much was used."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask import jsonify as to_json
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from upscaler.errors import JobNotFound, UnusableParameter
from upscaler.extensions import db
from upscaler.models import Delivery, Job, JobStatus, iso8601
from upscaler.services import queries
from upscaler.services.accounts import api_keys, usage
from upscaler.services.notifications import outbox
from upscaler.services.paging import page_of
from upscaler.views.api.jobs import find_job
from upscaler.views.api.operations import Access, Operation
from upscaler.views.api.paging import Moment, PageAnswer, PageQuery, answer_page, day_after
from upscaler.views.api.schemas.jobs import JobAnswer, JobSummaryAnswer, LogLineAnswer
from upscaler.views.api.serializers import job_status, job_summary, log_lines
from upscaler.views.context import current_actor

MAX_TEXT = 100
_text = validate.Length(1, MAX_TEXT)


class PeriodQuery(Schema):
    """A period; days are in UTC, and the last one counts."""

    since = Moment(load_default=None, data_key="from", metadata=Moment.SCHEMA)
    until = Moment(load_default=None, data_key="to", metadata=Moment.SCHEMA)


class JobsQuery(PageQuery, PeriodQuery):
    """Which jobs."""

    status = fields.String(load_default=None, validate=validate.OneOf([status.value for status in JobStatus]))
    owner = fields.String(
        load_default=None, validate=_text, metadata={"description": "a user name; `-` for jobs of visitors"}
    )
    model = fields.String(load_default=None, validate=_text, metadata={"description": "a part of the name"})
    q = fields.String(
        load_default=None, validate=_text, metadata={"description": "a part of an id or of the file's name"}
    )


class AdminJobSummaryAnswer(JobSummaryAnswer):
    """A job in the operator's list."""

    owner = fields.String(required=True, allow_none=True, metadata={"description": "a user name"})
    worker_id = fields.String(required=True, allow_none=True)
    attempts = fields.Integer(required=True)
    error_code = fields.String(required=True, allow_none=True)


class AdminJobsAnswer(PageAnswer):
    """Jobs, the newest first."""

    items = fields.List(fields.Nested(AdminJobSummaryAnswer), required=True)


class DeliveryAnswer(Schema):
    """A message about a job."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    status = fields.String(required=True)
    attempts = fields.Integer(required=True)
    last_status = fields.Integer(required=True, allow_none=True)
    last_error = fields.String(required=True, allow_none=True)


class AdminJobAnswer(JobAnswer):
    """All there is to know about a job, the full log included."""

    owner = fields.String(required=True, allow_none=True)
    attempts = fields.Integer(required=True)
    last_worker_id = fields.String(required=True, allow_none=True)
    lease_expires_at = fields.DateTime(required=True, allow_none=True)
    enqueued_at = fields.DateTime(required=True, allow_none=True)
    trace = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "the worker's trace, or its engine's last words"},
    )
    result_sha256 = fields.String(required=True, allow_none=True)
    logs = fields.List(fields.Nested(LogLineAnswer), required=True)
    deliveries = fields.List(fields.Nested(DeliveryAnswer), required=True)


def list_jobs(query: dict[str, Any]) -> ResponseReturnValue:
    """List the jobs of all people, the newest first."""
    wanted = queries.JobSearch(
        status=query["status"],
        owner=query["owner"],
        model=query["model"],
        text=query["q"],
        since=query["since"],
        until=query["until"] and day_after(query["until"]),
    )
    page = page_of(
        db.session(),
        queries.jobs(wanted),
        (Job.created_at, Job.id),
        cursor=query["cursor"],
        limit=query["limit"],
    )
    return answer_page(page, _summary)


def show_job(job_id: str) -> ResponseReturnValue:
    """Show a job with its full log, the trace of its worker and its messages."""
    job = find_job(job_id)
    body = {
        **job_status(job),
        "owner": job.owner.username if job.owner else None,
        "attempts": job.attempts,
        "last_worker_id": job.worker_id,
        "lease_expires_at": iso8601(job.lease_expires_at),
        "enqueued_at": iso8601(job.enqueued_at),
        "trace": job.error_trace,
        "result_sha256": job.result_sha256,
        "logs": log_lines(job.logs),
        "deliveries": [_delivery(row) for row in outbox.deliveries_of(db.session(), job.id)],
    }
    return to_json(body), {"Cache-Control": "no-store"}


def usage_csv(query: dict[str, Any]) -> ResponseReturnValue:
    """Export what each account used on each day, as CSV."""
    until = query["until"] and day_after(query["until"])
    text = usage.export(db.session(), current_actor(), query["since"], until)
    response = Response(text, mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="usage.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _summary(job: Job) -> dict[str, Any]:
    return {
        **job_summary(job),
        "owner": job.owner.username if job.owner else None,
        "worker_id": job.worker_id,
        "attempts": job.attempts,
        "error_code": job.error_code,
    }


def _delivery(row: Delivery) -> dict[str, Any]:
    names = ("id", "kind", "status", "attempts", "last_status", "last_error")
    return {name: getattr(row, name) for name in names}


_PATH = "/admin/jobs/<id:job_id>"
OPERATIONS = (
    Operation(
        "admin_jobs",
        "GET",
        "/admin/jobs",
        list_jobs,
        "Admin",
        Access.ADMIN,
        api_keys.ADMIN,
        query=JobsQuery(),
        answer=AdminJobsAnswer(),
        errors=(UnusableParameter,),
    ),
    Operation(
        "admin_job",
        "GET",
        _PATH,
        show_job,
        "Admin",
        Access.ADMIN,
        api_keys.ADMIN,
        answer=AdminJobAnswer(),
        errors=(JobNotFound,),
    ),
    Operation(
        "admin_usage",
        "GET",
        "/admin/usage.csv",
        usage_csv,
        "Admin",
        Access.ADMIN,
        api_keys.ADMIN,
        query=PeriodQuery(),
        media_type="text/csv",
    ),
)

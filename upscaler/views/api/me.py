"""One's own account: who one is, what one has used and may use, and one's own jobs."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from upscaler.errors import UnusableParameter
from upscaler.extensions import db
from upscaler.models import Job, JobStatus
from upscaler.services.accounts import api_keys, usage
from upscaler.services.paging import page_of
from upscaler.views.api.operations import Access, Operation
from upscaler.views.api.paging import PageAnswer, PageQuery, answer_page
from upscaler.views.api.schemas.jobs import JobSummaryAnswer
from upscaler.views.api.serializers import job_summary
from upscaler.views.context import services, signed_in


class UsageAnswer(Schema):
    """What an account has used."""

    jobs = fields.Integer(required=True)
    jobs_last_day = fields.Integer(required=True, metadata={"description": "in the last 24 hours"})
    completed = fields.Integer(required=True)
    input_pixels = fields.Integer(required=True)
    output_pixels = fields.Integer(required=True)
    worker_seconds = fields.Integer(required=True)


class QuotaAnswer(Schema):
    """What an account may use."""

    uploads = fields.String(
        required=True, metadata={"description": "such as `100 per day`; `off` for no limit"}
    )
    max_upload_size_bytes = fields.Integer(required=True)
    max_batch_files = fields.Integer(required=True)
    max_batch_size_bytes = fields.Integer(required=True)
    max_image_side = fields.Integer(required=True)
    max_input_pixels = fields.Integer(required=True)
    max_output_pixels = fields.Integer(required=True)


class OwnAccountAnswer(Schema):
    """One's own account."""

    id = fields.Integer(required=True)
    username = fields.String(required=True)
    email = fields.String(required=True)
    first_name = fields.String(required=True)
    last_name = fields.String(required=True)
    role = fields.String(required=True, validate=validate.OneOf(("admin", "user")))
    usage = fields.Nested(UsageAnswer, required=True)
    quota = fields.Nested(QuotaAnswer, required=True)


class OwnJobsQuery(PageQuery):
    """Which of one's own jobs."""

    status = fields.String(load_default=None, validate=validate.OneOf([status.value for status in JobStatus]))


class JobsAnswer(PageAnswer):
    """Jobs, the newest first."""

    items = fields.List(fields.Nested(JobSummaryAnswer), required=True)


def me() -> ResponseReturnValue:
    """Tell who one is, what one has used, and what one may use."""
    account = signed_in()
    limits = services().settings.values(db.session())
    body = {
        "id": account.id,
        "username": account.username,
        "email": account.email,
        "first_name": account.first_name,
        "last_name": account.last_name,
        "role": account.role,
        "usage": vars(usage.usage_of(db.session(), account)),
        "quota": {"uploads": limits.account_rate_limit}
        | {name: getattr(limits, name) for name in QuotaAnswer().fields if name != "uploads"},
    }
    return jsonify(body), {"Cache-Control": "no-store"}


def list_jobs(query: dict[str, Any]) -> ResponseReturnValue:
    """List one's own jobs, the newest first."""
    wanted = select(Job).where(Job.owner_id == signed_in().id).options(joinedload(Job.upload))
    if query["status"]:
        wanted = wanted.where(Job.status == query["status"])
    page = page_of(
        db.session(), wanted, (Job.created_at, Job.id), cursor=query["cursor"], limit=query["limit"]
    )
    return answer_page(page, job_summary)


OPERATIONS = (
    Operation(
        "me", "GET", "/me", me, "Own account", Access.ACCOUNT, api_keys.READ, answer=OwnAccountAnswer()
    ),
    Operation(
        "list_jobs",
        "GET",
        "/jobs",
        list_jobs,
        "Jobs",
        Access.ACCOUNT,
        api_keys.READ,
        query=OwnJobsQuery(),
        answer=JobsAnswer(),
        errors=(UnusableParameter,),
    ),
)

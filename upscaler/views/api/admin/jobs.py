"""All jobs of all accounts and visitors."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue

from upscaler.errors import JobNotFound, UnusableParameter
from upscaler.extensions import db
from upscaler.models import Job, iso8601
from upscaler.services import queries
from upscaler.services.notifications import outbox
from upscaler.services.paging import page_of
from upscaler.views.api.jobs import find_job
from upscaler.views.api.operations import admin_operation
from upscaler.views.api.paging import answer_page, day_after
from upscaler.views.api.schemas.admin_jobs import AdminJobListSchema, AdminJobSchema, AdminJobsQuery
from upscaler.views.api.serializers.jobs import job_status, job_summary, log_lines
from upscaler.views.api.serializers.service import delivery_fields


def list_admin_jobs(query: dict[str, Any]) -> ResponseReturnValue:
    """List the jobs of everyone, the newest first."""
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


def get_admin_job(job_id: str) -> ResponseReturnValue:
    """Return a job with its full log, the trace of its worker and its deliveries."""
    job = find_job(job_id)
    body = {
        **job_status(job),
        "owner": job.owner.username if job.owner else None,
        "attempts": job.attempts,
        "last_worker_id": job.worker_id,
        "lease_expires_at": iso8601(job.lease_expires_at),
        "enqueued_at": iso8601(job.enqueued_at),
        "error_reason": (job.error_values or {}).get("reason"),
        "trace": job.error_trace,
        "result_sha256": job.result_sha256,
        "logs": log_lines(job.logs),
        "deliveries": [delivery_fields(row) for row in outbox.deliveries_of(db.session(), job.id)],
    }
    return jsonify(body), {"Cache-Control": "no-store"}


def _summary(job: Job) -> dict[str, Any]:
    return {
        **job_summary(job),
        "owner": job.owner.username if job.owner else None,
        "worker_id": job.worker_id,
        "attempts": job.attempts,
        "error_code": job.error_code,
    }


OPERATIONS = (
    admin_operation(
        "list_admin_jobs",
        "GET",
        "/jobs",
        list_admin_jobs,
        query=AdminJobsQuery(),
        answer=AdminJobListSchema(),
        errors=(UnusableParameter,),
    ),
    admin_operation(
        "get_admin_job",
        "GET",
        "/jobs/<id:job_id>",
        get_admin_job,
        answer=AdminJobSchema(),
        errors=(JobNotFound,),
    ),
)

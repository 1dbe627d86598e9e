"""Jobs: their state, and what callers do to them."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from flask import jsonify, redirect
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate
from sqlalchemy.orm import joinedload

from upscaler.engine.options import PRESETS
from upscaler.errors import (
    N_,
    FileGone,
    Forbidden,
    InvalidParameter,
    JobConflict,
    JobNotFound,
    NotAvailable,
    QueueFull,
    ResultTooLarge,
    UnknownModel,
    UnknownParameter,
    UnusableParameter,
)
from upscaler.extensions import db
from upscaler.models import Job, JobStatus
from upscaler.services import queries
from upscaler.services.accounts import api_keys
from upscaler.services.jobs import actions
from upscaler.services.paging import page_of
from upscaler.views.api import rate_limits
from upscaler.views.api.idempotency import keep
from upscaler.views.api.json_bodies import json_body
from upscaler.views.api.long_polling import answer_poll, next_poll_seconds
from upscaler.views.api.operations import Access, Operation, admin_operation
from upscaler.views.api.paging import PageQuery, answer_page, day_after
from upscaler.views.api.schemas.jobs import STATUSES, AcceptedJobSchema, JobListSchema, JobSchema
from upscaler.views.api.schemas.periods import PeriodQuery
from upscaler.views.api.schemas.requests import OverridesBody
from upscaler.views.api.serializers.jobs import accepted_job, job_status, job_summary
from upscaler.views.context import (
    absolute_url,
    current_account,
    current_actor,
    endpoint_url,
    links,
    services,
    signed_in,
)

_NO_RESULT = N_("This job has no result. Wait until it is completed, or retry it if it failed.")


class OwnJobsQuery(PageQuery, PeriodQuery):
    """Filters of the caller's jobs."""

    status = fields.String(
        load_default=None, validate=validate.OneOf(STATUSES), metadata={"description": "state of the job"}
    )
    preset = fields.String(
        load_default=None, validate=validate.OneOf(PRESETS), metadata={"description": "name of a preset"}
    )


def list_jobs(query: dict[str, Any]) -> ResponseReturnValue:
    """List the jobs of the caller's account, the newest first."""
    wanted = queries.jobs_of(
        signed_in(),
        status=query["status"],
        preset=query["preset"],
        since=query["since"],
        until=query["until"] and day_after(query["until"]),
    )
    page = page_of(
        db.session(), wanted, (Job.created_at, Job.id), cursor=query["cursor"], limit=query["limit"]
    )
    return answer_page(page, job_summary)


def get_job(job_id: str) -> ResponseReturnValue:
    """Return the state of a job; knowing its id grants access."""

    def state() -> tuple[dict[str, Any], int | None]:
        found = job_status(find_job(job_id))
        ended = JobStatus(found["status"]).ended
        return found, None if ended else next_poll_seconds(found["estimated_seconds"])

    return answer_poll(partial(_has_ended, job_id), state)


def download_job(job_id: str) -> ResponseReturnValue:
    """Redirect to a signed link to the result."""
    job = find_job(job_id)
    if job.result_path is None:
        raise FileGone if job.state is JobStatus.COMPLETED else JobConflict(_NO_RESULT)
    key, name = actions.file_to_download(db.session(), current_actor(), job, actions.RESULT)
    response = redirect(absolute_url(links().path(key, name, time.time())))
    response.headers["Cache-Control"] = "no-store"
    return response


def cancel_job(job_id: str) -> ResponseReturnValue:
    """Cancel a job that has not ended; a visitor's by anyone who knows its id, any other by its owner or an admin."""
    job = _changeable(job_id)
    actions.cancel(db.session(), current_actor(), job)
    return jsonify(job_status(find_job(job_id))), {"Cache-Control": "no-store"}


def retry_job(job_id: str) -> ResponseReturnValue:
    """Run a failed or canceled job again as a new one; by those who may cancel it."""
    job = _changeable(job_id)
    submissions = services().submissions
    submissions.check_queue(db.session(), 1)
    with actions.retried(db.session(), current_actor(), submissions, job) as again:
        # What an operator does for somebody else is not held against anybody's rate.
        if not actions.is_for_another(current_account(), job):
            rate_limits.more_uploads(1)
        return keep(_accepted(again))


def delete_job(job_id: str) -> ResponseReturnValue:
    """Delete a job and its files; a visitor's by anyone who knows its id, any other by its owner or an admin."""
    job = _changeable(job_id)
    actions.delete(db.session(), current_actor(), services().storage, job)
    return "", 204


def requeue_job(job_id: str) -> ResponseReturnValue:
    """Run a job again as a new one, with other parameters where the body names some."""
    job, submissions = find_job(job_id), services().submissions
    with actions.requeued(db.session(), current_actor(), submissions, job, json_body()) as again:
        return keep(_accepted(again))


def find_job(job_id: str) -> Job:
    """Return a job; raise ``JobNotFound``."""
    # Its image is wanted as well, and one query takes less time than two.
    job: Job | None = db.session.get(Job, job_id, options=[joinedload(Job.upload)])
    if job is None:
        raise JobNotFound
    return job


def _changeable(job_id: str) -> Job:
    job = find_job(job_id)
    if not actions.may_change(current_account(), job):
        raise Forbidden
    return job


def _accepted(job: Job) -> ResponseReturnValue:
    location = endpoint_url("api.get_job", job_id=job.id)
    return jsonify(accepted_job(job)), 202, {"Location": location}


def _has_ended(job_id: str) -> bool:
    job = db.session.get(Job, job_id, populate_existing=True)
    return job is None or job.state.ended


_PATH = "/jobs/<id:job_id>"
_REQUEUE: dict[str, Any] = {
    "idempotent": True,
    "takes": OverridesBody(),
    "answer": AcceptedJobSchema(),
    "status": 202,
    "location": True,
    "errors": (
        *(JobNotFound, FileGone, ResultTooLarge, InvalidParameter),
        *(UnknownModel, UnknownParameter, NotAvailable),
    ),
}
OPERATIONS = (
    Operation(
        "list_jobs",
        "GET",
        "/jobs",
        list_jobs,
        "Jobs",
        Access.ACCOUNT,
        api_keys.READ,
        query=OwnJobsQuery(),
        answer=JobListSchema(),
        errors=(UnusableParameter,),
    ),
    Operation(
        "get_job",
        "GET",
        _PATH,
        get_job,
        "Jobs",
        scope=api_keys.READ,
        long_polling=True,
        answer=JobSchema(),
        errors=(JobNotFound,),
    ),
    Operation(
        "download_job",
        "GET",
        f"{_PATH}/download",
        download_job,
        "Jobs",
        scope=api_keys.READ,
        status=302,
        location=True,
        errors=(JobNotFound, JobConflict, FileGone),
    ),
    Operation(
        "cancel_job",
        "POST",
        f"{_PATH}/cancel",
        cancel_job,
        "Jobs",
        scope=api_keys.WRITE,
        idempotent=True,
        answer=JobSchema(),
        errors=(JobNotFound, JobConflict, Forbidden),
    ),
    Operation(
        "retry_job",
        "POST",
        f"{_PATH}/retry",
        retry_job,
        "Jobs",
        scope=api_keys.WRITE,
        idempotent=True,
        answer=AcceptedJobSchema(),
        status=202,
        location=True,
        errors=(JobNotFound, JobConflict, Forbidden, FileGone, ResultTooLarge, UnknownModel, QueueFull),
    ),
    Operation(
        "delete_job",
        "DELETE",
        _PATH,
        delete_job,
        "Jobs",
        scope=api_keys.WRITE,
        status=204,
        errors=(JobNotFound, Forbidden),
    ),
    # The specification names the first path in its list and the second in its examples.
    Operation(
        "requeue_job",
        "POST",
        f"{_PATH}/requeue",
        requeue_job,
        "Admin",
        Access.ADMIN,
        api_keys.ADMIN,
        **_REQUEUE,
    ),
    admin_operation("requeue_admin_job", "POST", f"{_PATH}/requeue", requeue_job, **_REQUEUE),
)

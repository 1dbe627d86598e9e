"""The state of a job, and what may be done to it."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import jsonify, url_for
from flask.typing import ResponseReturnValue

from upscaler.errors import (
    FileGone,
    Forbidden,
    InvalidParameter,
    JobConflict,
    JobNotFound,
    NotAvailable,
    ResultTooLarge,
    StorageUnavailable,
    UnknownModel,
    UnknownParameter,
)
from upscaler.extensions import db
from upscaler.models import Job, JobStatus
from upscaler.services import audit
from upscaler.services.accounts import api_keys
from upscaler.services.jobs import actions, lifecycle
from upscaler.views.api.idempotency import keep
from upscaler.views.api.long_polling import answer_poll, next_poll_seconds
from upscaler.views.api.operations import Access, Operation
from upscaler.views.api.routing import json_body
from upscaler.views.api.schemas.jobs import AcceptedJobAnswer, JobAnswer
from upscaler.views.api.schemas.requests import OverridesBody
from upscaler.views.api.serializers import accepted_job, job_status
from upscaler.views.context import absolute_url, current_account, current_actor, services


def status(job_id: str) -> ResponseReturnValue:
    """Tell the state of a job; to know its id is to hold the link to it."""
    find_job(job_id)

    def state() -> tuple[dict[str, Any], int | None]:
        found = job_status(find_job(job_id))
        ended = JobStatus(found["status"]).ended
        return found, None if ended else next_poll_seconds(found["estimated_seconds"])

    return answer_poll(partial(_has_ended, job_id), state)


def cancel(job_id: str) -> ResponseReturnValue:
    """Cancel a job that has not ended; whoever has an account cancels their own, a visitor's the holder of its link."""
    job = _changeable(job_id)
    account = current_account()
    if not lifecycle.cancel(
        db.session, job.id, f"by {account.username}" if account else "by the holder of its link"
    ):
        raise JobConflict(status=find_job(job_id).status)
    if account:
        audit.record(db.session, current_actor(), "job.cancel", entity=("job", job.id))
        db.session.commit()
    return _no_store(job_status(find_job(job_id)))


def delete(job_id: str) -> ResponseReturnValue:
    """Delete a job and its files; whoever has an account deletes their own, a visitor's the holder of its link."""
    job = _changeable(job_id)
    actions.delete(db.session(), current_actor(), services().storage, job)
    return "", 204


def requeue(job_id: str) -> ResponseReturnValue:
    """Run a job again as a new one, with other parameters where the body names some."""
    job, submissions = find_job(job_id), services().submissions
    with actions.requeued(db.session(), current_actor(), submissions, job, json_body()) as again:
        location = absolute_url(url_for("api.status", job_id=again.id))
        return keep((jsonify(accepted_job(again)), 202, {"Location": location}))


def find_job(job_id: str) -> Job:
    """Return a job; raise ``JobNotFound``."""
    job: Job | None = db.session.get(Job, job_id)
    if job is None:
        raise JobNotFound
    return job


def _changeable(job_id: str) -> Job:
    job = find_job(job_id)
    if not actions.may_change(current_account(), job):
        raise Forbidden
    return job


def _has_ended(job_id: str) -> bool:
    job = db.session.get(Job, job_id, populate_existing=True)
    return job is None or job.state.ended


def _no_store(body: dict[str, Any]) -> ResponseReturnValue:
    return jsonify(body), {"Cache-Control": "no-store"}


_PATH = "/jobs/<id:job_id>"
_REQUEUE_ERRORS = (
    JobNotFound,
    FileGone,
    ResultTooLarge,
    InvalidParameter,
    UnknownModel,
    UnknownParameter,
    NotAvailable,
)
OPERATIONS = (
    Operation(
        "status",
        "GET",
        _PATH,
        status,
        "Jobs",
        scope=api_keys.READ,
        waits=True,
        answer=JobAnswer(),
        errors=(JobNotFound,),
    ),
    Operation(
        "cancel",
        "POST",
        f"{_PATH}/cancel",
        cancel,
        "Jobs",
        scope=api_keys.WRITE,
        repeatable=True,
        answer=JobAnswer(),
        errors=(JobNotFound, JobConflict),
    ),
    Operation(
        "delete",
        "DELETE",
        _PATH,
        delete,
        "Jobs",
        scope=api_keys.WRITE,
        status=204,
        errors=(JobNotFound, Forbidden, StorageUnavailable),
    ),
    # The specification names the first path in its list and the second in its examples.
    Operation(
        "requeue",
        "POST",
        f"{_PATH}/requeue",
        requeue,
        "Admin",
        Access.ADMIN,
        api_keys.ADMIN,
        repeatable=True,
        takes=OverridesBody(),
        answer=AcceptedJobAnswer(),
        status=202,
        errors=_REQUEUE_ERRORS,
    ),
    Operation(
        "admin_requeue",
        "POST",
        f"/admin{_PATH}/requeue",
        requeue,
        "Admin",
        Access.ADMIN,
        api_keys.ADMIN,
        repeatable=True,
        takes=OverridesBody(),
        answer=AcceptedJobAnswer(),
        status=202,
        errors=_REQUEUE_ERRORS,
    ),
)

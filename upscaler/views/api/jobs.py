"""The state of a job, and what may be done to it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from upscaler.errors import AuthenticationRequired, Forbidden, InvalidRequest, JobConflict, JobNotFound
from upscaler.extensions import db
from upscaler.models import Account, Job
from upscaler.services import audit, lifecycle
from upscaler.views.api.schemas import accepted_job, job_status
from upscaler.views.context import absolute_url, current_account, current_actor, services


def register(blueprint: Blueprint) -> None:
    """Add the routes of this module."""
    blueprint.add_url_rule("/jobs/<job_id>", view_func=status)
    blueprint.add_url_rule("/jobs/<job_id>/cancel", view_func=cancel, methods=["POST"])
    # The specification names the first path in its list and the second in its examples.
    blueprint.add_url_rule("/jobs/<job_id>/requeue", view_func=requeue, methods=["POST"])
    blueprint.add_url_rule(
        "/admin/jobs/<job_id>/requeue", endpoint="admin_requeue", view_func=requeue, methods=["POST"]
    )


def status(job_id: str) -> ResponseReturnValue:
    """Answer with the state of a job; to know its id is to hold the link to it."""
    return _no_store(job_status(find_job(job_id)))


def cancel(job_id: str) -> ResponseReturnValue:
    """Cancel a job that has not ended."""
    job = find_job(job_id)
    account = current_account()
    if not lifecycle.cancel(
        db.session, job.id, f"by {account.username}" if account else "by the holder of its link"
    ):
        raise JobConflict(status=find_job(job_id).status)
    if account:
        audit.record(db.session, current_actor(), "job.cancel", entity=("job", job.id))
        db.session.commit()
    return _no_store(job_status(find_job(job_id)))


def requeue(job_id: str) -> ResponseReturnValue:
    """Run a job again as a new one, with other parameters where the body names some."""
    admin = require_admin()
    overrides = request.get_json(silent=True) if request.data else {}
    if not isinstance(overrides, dict):
        raise InvalidRequest
    again = services().submissions.requeue(db.session, find_job(job_id), overrides, admin.id)
    details = {"new_job": again.id, "overrides": overrides}
    audit.record(db.session, current_actor(), "job.requeue", entity=("job", job_id), details=details)
    db.session.commit()
    return (
        jsonify(accepted_job(again)),
        202,
        {"Location": absolute_url(url_for("api.status", job_id=again.id))},
    )


def find_job(job_id: str) -> Job:
    """Return a job; raise ``JobNotFound``."""
    job: Job | None = db.session.get(Job, job_id)
    if job is None:
        raise JobNotFound
    return job


def require_admin() -> Account:
    """Return the signed-in admin; raise ``AuthenticationRequired`` or ``Forbidden``."""
    account = current_account()
    if account is None:
        raise AuthenticationRequired
    if not account.is_admin:
        raise Forbidden
    return account


def _no_store(body: dict[str, Any]) -> ResponseReturnValue:
    return jsonify(body), {"Cache-Control": "no-store"}

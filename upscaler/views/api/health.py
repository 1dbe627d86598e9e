"""Whether the service is well, for load balancers and people in a hurry."""

from __future__ import annotations

from flask import jsonify
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate
from sqlalchemy import func, select

from upscaler.errors import ServiceUnavailable
from upscaler.extensions import db
from upscaler.models import Job, JobStatus
from upscaler.services.jobs.workers import count_online
from upscaler.storage.local import disk_free_percent
from upscaler.version import __version__
from upscaler.views.api.operations import Access, Operation
from upscaler.views.context import config, services


class HealthAnswer(Schema):
    """How the service is."""

    status = fields.String(required=True, validate=validate.Equal("ok"))
    queue_length = fields.Integer(required=True, metadata={"description": "jobs that wait"})
    free_disk_percent = fields.Float(required=True)
    workers_online = fields.Integer(required=True)
    version = fields.String(required=True)


def health() -> ResponseReturnValue:
    """Tell whether the service is well; 503 when the database or the storage does not answer."""
    free_percent = services().storage.free_percent()
    if free_percent is None:
        # A bucket has no size, but this host's own disk has: without room on it no upload can be received.
        free_percent = disk_free_percent(config().scratch_dir)
    queued = select(func.count()).select_from(Job).where(Job.status == JobStatus.QUEUED.value)
    body = {
        "status": "ok",
        "queue_length": db.session.scalar(queued),
        "free_disk_percent": free_percent,
        "workers_online": count_online(db.session),
        "version": __version__,
    }
    return jsonify(body), {"Cache-Control": "no-store"}


OPERATIONS = (
    Operation(
        "health",
        "GET",
        "/health",
        health,
        "Service",
        Access.OPEN,
        answer=HealthAnswer(),
        errors=(ServiceUnavailable,),
    ),
)

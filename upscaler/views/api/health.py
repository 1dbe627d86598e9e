"""The health of the service, for load balancers and monitoring."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from upscaler.errors import ServiceUnavailable
from upscaler.extensions import db
from upscaler.models import Job, JobStatus
from upscaler.services.jobs.workers import count_online
from upscaler.storage.local import disk_free_percent
from upscaler.version import __version__
from upscaler.views.api.operations import Access, Operation
from upscaler.views.api.schemas.health import HealthQuery, HealthSchema
from upscaler.views.context import config, services


def get_health(query: dict[str, Any]) -> ResponseReturnValue:
    """Report the health of the service; 503 when the database or the storage does not respond."""
    free_percent = services().storage.free_percent()
    if free_percent is None:
        # A bucket has no size, but this host's own disk has: without room on it no upload can be received.
        free_percent = disk_free_percent(config().scratch_dir)
    queued = select(func.count()).select_from(Job).where(Job.status == JobStatus.QUEUED.value)
    waiting, workers = db.session.scalar(queued), count_online(db.session)
    degraded = bool(waiting) and not workers
    body = {
        "status": "degraded" if degraded else "ok",
        "queue_length": waiting,
        "free_disk_percent": free_percent,
        "workers_online": workers,
        "version": __version__,
    }
    return jsonify(body), 503 if degraded and query["strict"] else 200, {"Cache-Control": "no-store"}


OPERATIONS = (
    Operation(
        "get_health",
        "GET",
        "/health",
        get_health,
        "Service",
        Access.OPEN,
        query=HealthQuery(),
        answer=HealthSchema(),
        also={503: HealthSchema()},
        errors=(ServiceUnavailable,),
    ),
)

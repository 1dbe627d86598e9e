"""Whether the service is well, for load balancers and people in a hurry."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from upscaler.extensions import db
from upscaler.models import Job, JobStatus
from upscaler.services.workers import count_online
from upscaler.storage.local import disk_free_percent
from upscaler.version import __version__
from upscaler.views.context import config, services


def register(blueprint: Blueprint) -> None:
    """Add the route of this module."""
    blueprint.add_url_rule("/health", view_func=health)


def health() -> ResponseReturnValue:
    """Answer ``ok`` with the figures; 503 when the database or the storage does not answer."""
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

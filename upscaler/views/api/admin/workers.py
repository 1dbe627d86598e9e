"""The workers of the service."""

from __future__ import annotations

from flask import jsonify
from flask.typing import ResponseReturnValue

from upscaler.extensions import db
from upscaler.services.monitoring import statistics
from upscaler.views.api.operations import admin_operation
from upscaler.views.api.schemas.service import WorkerListSchema
from upscaler.views.api.serializers.service import worker_fields


def list_workers() -> ResponseReturnValue:
    """List the workers with their state, device and job."""
    items = [worker_fields(state) for state in statistics.worker_states(db.session())]
    return jsonify({"items": items}), {"Cache-Control": "no-store"}


OPERATIONS = (admin_operation("list_workers", "GET", "/workers", list_workers, answer=WorkerListSchema()),)

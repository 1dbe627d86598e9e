"""The REST API, version 1."""

from __future__ import annotations

from flask import Blueprint

from upscaler.views.api import (
    batches,
    health,
    jobs,
    keys,
    login,
    me,
    models,
    openapi,
    presets,
    previews,
    quote,
    uploads,
)
from upscaler.views.api.admin import audit, deliveries, settings, usage, users, workers
from upscaler.views.api.admin import batches as admin_batches
from upscaler.views.api.admin import jobs as admin_jobs
from upscaler.views.api.admin import keys as admin_keys
from upscaler.views.api.admin import models as admin_models
from upscaler.views.api.lingering import linger
from upscaler.views.api.operations import Operation
from upscaler.views.api.routing import register

OPERATIONS: tuple[Operation, ...] = (
    *uploads.OPERATIONS,
    *previews.OPERATIONS,
    *jobs.OPERATIONS,
    *batches.OPERATIONS,
    *me.OPERATIONS,
    *keys.OPERATIONS,
    *models.OPERATIONS,
    *presets.OPERATIONS,
    *quote.OPERATIONS,
    *health.OPERATIONS,
    *login.OPERATIONS,
    *admin_jobs.OPERATIONS,
    *admin_batches.OPERATIONS,
    *deliveries.OPERATIONS,
    *users.OPERATIONS,
    *admin_keys.OPERATIONS,
    *admin_models.OPERATIONS,
    *workers.OPERATIONS,
    *settings.OPERATIONS,
    *audit.OPERATIONS,
    *usage.OPERATIONS,
)


def build_blueprint() -> Blueprint:
    """Return the routes of all operations, and of their description."""
    blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
    blueprint.after_request(linger)
    for operation in OPERATIONS:
        register(blueprint, operation)
    openapi.register(blueprint, OPERATIONS)
    return blueprint

"""The REST API, version 1."""

from flask import Blueprint

from upscaler.views.api import batches, health, jobs, keys, login, me, offers, openapi, previews, uploads
from upscaler.views.api.admin import jobs as admin_jobs
from upscaler.views.api.admin import models, service, users
from upscaler.views.api.multipart import linger
from upscaler.views.api.routing import register

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
blueprint.after_request(linger)
OPERATIONS = tuple(
    operation
    for module in (
        *(uploads, previews, jobs, batches, me, offers, health, login, keys),
        *(admin_jobs, users, service, models),
    )
    for operation in module.OPERATIONS
)
for _operation in OPERATIONS:
    register(blueprint, _operation)
openapi.register(blueprint, OPERATIONS)

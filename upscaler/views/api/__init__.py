"""The REST API, version 1."""

from flask import Blueprint

from upscaler.views.api import health, jobs, uploads

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
for module in (uploads, jobs, health):
    module.register(blueprint)

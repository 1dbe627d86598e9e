"""The health of the service in responses."""

from __future__ import annotations

from marshmallow import Schema, fields

from upscaler.views.api.schemas.described import integer, real, text


class HealthQuery(Schema):
    """Strictness of the health check."""

    strict = fields.Boolean(
        load_default=False,
        truthy={"1", "true"},
        falsy={"0", "false"},
        metadata={"description": "respond with 503 also where the service is degraded"},
    )


class HealthSchema(Schema):
    """The health of the service."""

    status = text("`degraded` while jobs wait and no worker is online", choices=("ok", "degraded"))
    queue_length = integer("jobs that wait")
    free_disk_percent = real("free space where images are kept, or on the web host's disk, in percent")
    workers_online = integer("workers that have reported within the last half minute")
    version = text("version of the service")

"""Workers, settings and the audit log in requests and responses."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from upscaler.services.settings.definitions import DEFINITIONS
from upscaler.views.api.paging import PageQuery, PageSchema
from upscaler.views.api.schemas.described import flag, integer, list_of, mapping, moment, nested, text
from upscaler.views.api.schemas.periods import PeriodQuery
from upscaler.views.api.schemas.receipts import BackendSchema

_text = validate.Length(1, 100)


class WorkerSchema(Schema):
    """A worker."""

    id = text("id of the worker")
    host = text("name of its host")
    pid = integer("id of its process")
    version = text("version of the service that it runs")
    online = flag("whether it has reported within the last half minute")
    gpu = text("name of the GPU that it uses; null where it uses none", nullable=True)
    backend = nested(BackendSchema, "its engine and device, and the models of its host")
    current_job_id = text("id of the job that it runs", nullable=True)
    started_at = moment("when it started")
    last_heartbeat_at = moment("when it last reported")
    stopped_at = moment("when it stopped", nullable=True)


class WorkerListSchema(Schema):
    """Workers that were seen in the last day, those online first."""

    items = list_of(WorkerSchema, "the workers")


def _settings(*, required: bool) -> dict[str, fields.Field]:
    return {
        key: fields.Raw(
            required=required, metadata={**definition.schema, "description": definition.mark.description}
        )
        for key, definition in DEFINITIONS.items()
    }


class SettingsBody(Schema):
    """Settings to change; what is left out stays."""

    class Meta:
        """The settings come from their table."""

        include = _settings(required=False)


class SettingsSchema(Schema):
    """The settings in force."""

    class Meta:
        """The settings come from their table."""

        include = _settings(required=True)


class AuditQuery(PageQuery, PeriodQuery):
    """Filters of the audit log."""

    q = fields.String(
        load_default=None, validate=_text, metadata={"description": "a part of an id or address"}
    )
    user = fields.String(
        load_default=None, validate=_text, metadata={"description": "a part of the user name"}
    )
    action = fields.String(
        load_default=None,
        validate=_text,
        metadata={"example": "setting.change", "description": "name of the action"},
    )


class AuditLogSchema(Schema):
    """A row of the audit log."""

    id = integer("id of the row")
    created_at = moment("when it happened")
    user_id = integer("id of the account; null once it is deleted", nullable=True)
    username = text("user name of the account; empty for a visitor")
    action = text("what was done")
    entity_type = text("kind of the thing that it was done to")
    entity_id = text("id of the thing that it was done to")
    details = mapping("what more there is to know")
    ip_address = text("address that the request came from")


class AuditLogListSchema(PageSchema):
    """Rows of the audit log, the newest first."""

    items = list_of(AuditLogSchema, "the rows of this page")

"""The service itself: its workers, its settings, and the trail of what was done."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from config import RuntimeValues
from upscaler.errors import InvalidParameter, InvalidRequest, UnknownParameter, UnusableParameter
from upscaler.extensions import db
from upscaler.models import AuditLog, iso8601
from upscaler.services import queries
from upscaler.services.accounts import api_keys
from upscaler.services.monitoring import statistics
from upscaler.services.monitoring.statistics import WorkerState
from upscaler.services.paging import page_of
from upscaler.services.settings.definitions import DEFINITIONS
from upscaler.services.settings.runtime import as_json
from upscaler.views.api.admin.jobs import PeriodQuery
from upscaler.views.api.operations import Access, Operation
from upscaler.views.api.paging import PageAnswer, PageQuery, answer_page, day_after
from upscaler.views.api.routing import json_body
from upscaler.views.context import current_actor, services

_text = validate.Length(1, 100)


class WorkerAnswer(Schema):
    """A worker."""

    id = fields.String(required=True)
    host = fields.String(required=True)
    pid = fields.Integer(required=True)
    version = fields.String(required=True)
    online = fields.Boolean(required=True)
    backend = fields.Dict(
        required=True,
        metadata={"description": "engine and device, `models` of the host, and which are `loaded`"},
    )
    current_job_id = fields.String(required=True, allow_none=True)
    started_at = fields.DateTime(required=True)
    last_heartbeat_at = fields.DateTime(required=True)
    stopped_at = fields.DateTime(required=True, allow_none=True)


class WorkersAnswer(Schema):
    """Workers that were seen in the last day, those on duty first."""

    items = fields.List(fields.Nested(WorkerAnswer), required=True)


_SettingFields = Schema.from_dict(
    {
        key: fields.Raw(metadata={**definition.schema, "description": definition.mark.description})
        for key, definition in DEFINITIONS.items()
    }
)


class SettingsBody(_SettingFields):  # type: ignore[misc, valid-type]
    """Settings to change; what is left out stays."""


class AuditQuery(PageQuery, PeriodQuery):
    """Which rows of the trail."""

    q = fields.String(
        load_default=None, validate=_text, metadata={"description": "a part of an id or address"}
    )
    user = fields.String(
        load_default=None, validate=_text, metadata={"description": "a part of the user name"}
    )
    action = fields.String(load_default=None, validate=_text, metadata={"example": "setting.change"})


class AuditRowAnswer(Schema):
    """Who did what, when, from where."""

    id = fields.Integer(required=True)
    created_at = fields.DateTime(required=True)
    user_id = fields.Integer(required=True, allow_none=True)
    username = fields.String(required=True)
    action = fields.String(required=True)
    entity_type = fields.String(required=True)
    entity_id = fields.String(required=True)
    details = fields.Dict(required=True)
    ip_address = fields.String(required=True)


class AuditAnswer(PageAnswer):
    """Rows of the trail, the newest first."""

    items = fields.List(fields.Nested(AuditRowAnswer), required=True)


def list_workers() -> ResponseReturnValue:
    """Show the workers: on duty or not, on what device, with which job."""
    items = [_worker(state) for state in statistics.worker_states(db.session())]
    return jsonify({"items": items}), {"Cache-Control": "no-store"}


def show_settings() -> ResponseReturnValue:
    """Show the settings in force."""
    return _answer(services().settings.values(db.session()))


def change_settings() -> ResponseReturnValue:
    """Change settings, all of those that are sent or none."""
    return _answer(services().settings.update(db.session(), current_actor(), json_body()))


def list_audit(query: dict[str, Any]) -> ResponseReturnValue:
    """Search the trail of what was done, the newest first."""
    wanted = queries.audit_rows(
        text=query["q"],
        user=query["user"],
        action=query["action"],
        since=query["since"],
        until=query["until"] and day_after(query["until"]),
    )
    page = page_of(db.session(), wanted, (AuditLog.id,), cursor=query["cursor"], limit=query["limit"])
    return answer_page(page, _row)


def _answer(values: RuntimeValues) -> ResponseReturnValue:
    return jsonify(as_json(values)), {"Cache-Control": "no-store"}


def _worker(state: WorkerState) -> dict[str, Any]:
    worker = state.worker
    times = ("started_at", "last_heartbeat_at", "stopped_at")
    plain = ("id", "host", "pid", "version", "backend", "current_job_id")
    return {
        **{name: getattr(worker, name) for name in plain},
        **{name: iso8601(getattr(worker, name)) for name in times},
        "online": state.online,
    }


def _row(row: AuditLog) -> dict[str, Any]:
    names = [name for name in AuditRowAnswer().fields if name != "created_at"]
    return {**{name: getattr(row, name) for name in names}, "created_at": iso8601(row.created_at)}


def _operation(name: str, method: str, path: str, view: Any, **more: Any) -> Operation:
    return Operation(name, method, f"/admin{path}", view, "Admin", Access.ADMIN, api_keys.ADMIN, **more)


OPERATIONS = (
    _operation("admin_workers", "GET", "/workers", list_workers, answer=WorkersAnswer()),
    _operation("admin_settings", "GET", "/settings", show_settings, answer=SettingsBody()),
    _operation(
        "admin_change_settings",
        "POST",
        "/settings",
        change_settings,
        takes=SettingsBody(),
        answer=SettingsBody(),
        errors=(InvalidRequest, UnknownParameter, InvalidParameter),
    ),
    _operation(
        "admin_audit",
        "GET",
        "/audit",
        list_audit,
        query=AuditQuery(),
        answer=AuditAnswer(),
        errors=(UnusableParameter,),
    ),
)

"""Settings that admins change while the service runs."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue

from config import RuntimeValues
from upscaler.errors import InvalidParameter, InvalidRequest, UnknownParameter
from upscaler.extensions import db
from upscaler.services.settings.runtime import as_json
from upscaler.views.api.json_bodies import json_body
from upscaler.views.api.operations import admin_operation
from upscaler.views.api.schemas.service import SettingsBody, SettingsSchema
from upscaler.views.context import current_actor, services


def get_settings() -> ResponseReturnValue:
    """Return the settings in force."""
    return _answer(services().settings.values(db.session()))


def update_settings() -> ResponseReturnValue:
    """Change settings, all of those that are sent or none."""
    return _answer(services().settings.update(db.session(), current_actor(), json_body()))


def _answer(values: RuntimeValues) -> ResponseReturnValue:
    return jsonify(as_json(values)), {"Cache-Control": "no-store"}


_UPDATE: dict[str, Any] = {
    "takes": SettingsBody(),
    "answer": SettingsSchema(),
    "errors": (InvalidRequest, UnknownParameter, InvalidParameter),
}
OPERATIONS = (
    admin_operation("get_settings", "GET", "/settings", get_settings, answer=SettingsSchema()),
    admin_operation("update_settings", "PATCH", "/settings", update_settings, **_UPDATE),
    # The specification's method for the same.
    admin_operation("post_settings", "POST", "/settings", update_settings, **_UPDATE),
)

"""The settings that an admin may change while the service runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import flash, make_response, redirect, request, url_for
from flask_appbuilder.baseviews import BaseView
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from upscaler.engine.imaging.formats import INPUT_MIME_TYPES
from upscaler.engine.options import FACTORS, PRESETS
from upscaler.errors import InvalidParameter
from upscaler.extensions import db
from upscaler.services.settings.runtime import DEFINITIONS, FRAMES, Definition, parse_setting
from upscaler.views.admin.urls import FORM, ExactPaths
from upscaler.views.context import config, current_actor, services

# Settings whose values are picked from a list, one or several.
SWITCH = ("on", "off")
PICK_ONE = {"default_preset": PRESETS, "frames": FRAMES, "require_login": SWITCH}
PICK_SEVERAL = {"allowed_mimes": INPUT_MIME_TYPES, "factors": FACTORS}

# What every process reads at its start. No secrets, and no addresses that may hold one.
FIXED = (
    *("FLASK_ENV", "STORAGE_BACKEND", "S3_BUCKET", "DATA_DIR", "WORKERS", "ENGINE", "ENGINE_GPU"),
    *("ENGINE_THREADS", "ENGINE_TILE", "JOB_TIMEOUT_SECONDS", "JOB_MEMORY_BYTES", "JOB_MAX_ATTEMPTS"),
    *("SMTP_HOST", "FETCH_URLS", "WEBHOOK_ALLOWED_NETWORKS"),
)


@dataclass(frozen=True)
class SettingField:
    """A setting as the form shows it: what was typed, or the value in force, and what is wrong with it."""

    definition: Definition
    value: Any
    shown: str
    error: str = ""

    @property
    def choices(self) -> tuple[str, ...]:
        """The values to pick from; empty for a text."""
        return tuple(PICK_ONE.get(self.definition.key) or PICK_SEVERAL.get(self.definition.key) or ())

    @property
    def several(self) -> bool:
        """Whether more than one value may be picked."""
        return self.definition.key in PICK_SEVERAL


class SettingsView(ExactPaths, BaseView):
    """One form with every runtime setting."""

    default_view = "edit"
    paths: ClassVar = {"edit": ("/settings", FORM)}

    @has_access
    def edit(self) -> Response:
        """Show the form; store what was changed in it, all or nothing."""
        current = services().settings.all(db.session())
        if request.method == "GET":
            return self._page([_field(definition, current) for definition in DEFINITIONS.values()])
        typed = _changed(request.form)
        fields = [_field(definition, current, typed) for definition in DEFINITIONS.values()]
        if any(field.error for field in fields):
            return self._page(fields, 422)
        services().settings.update(db.session(), current_actor(), typed)
        flash(gettext("The settings were saved."), "success")
        return redirect(url_for("SettingsView.edit"), 303)

    def _page(self, fields: list[SettingField], status: int = 200) -> Response:
        page = self.render_template(
            "admin/settings.html", title=gettext("Settings"), fields=fields, fixed=_fixed()
        )
        return make_response(page, status)


def _fixed() -> dict[str, str]:
    """Return what the environment decides and the console only shows, by the name of the variable."""
    values = config().model_dump(include={name.lower() for name in FIXED})
    return {name: str(values[name.lower()]) for name in FIXED}


def _changed(form: MultiDict[str, str]) -> dict[str, Any]:
    """Return what was typed where it differs from what the form showed.

    What was left alone is left out, so that a form that was open for long takes nobody's later change back.
    """
    typed: dict[str, Any] = {}
    for key in DEFINITIONS:
        if f"shown_{key}" not in form:
            continue
        value = form.getlist(key) if key in PICK_SEVERAL else form.get(key, "").strip()
        if _text(value) != form[f"shown_{key}"]:
            typed[key] = value
    return typed


def _field(
    definition: Definition, current: Mapping[str, Any], typed: Mapping[str, Any] | None = None
) -> SettingField:
    shown = _text(current[definition.key])
    if typed is None or definition.key not in typed:
        value = current[definition.key]
        return SettingField(definition, shown if isinstance(value, bool) else value, shown)
    value = typed[definition.key]
    try:
        parse_setting(definition.key, value)
    except InvalidParameter:
        expected = gettext("Please enter %(expected)s.", expected=gettext(definition.kind.expected))
        return SettingField(definition, value, shown, expected)
    return SettingField(definition, value, shown)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return SWITCH[not value]
    return ", ".join(value) if isinstance(value, list) else str(value)

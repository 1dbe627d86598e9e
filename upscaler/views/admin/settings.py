"""The console's form of the runtime settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, ClassVar

from flask import flash, make_response, redirect, request, url_for
from flask_appbuilder.baseviews import BaseView
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from config import RuntimeValues
from upscaler.errors import InvalidParameter
from upscaler.extensions import db
from upscaler.services.settings.definitions import DEFINITIONS, Definition
from upscaler.views.admin.urls import FORM, ExactPaths
from upscaler.views.context import config, current_actor, services
from upscaler.views.sentences import localized

SWITCH = ("on", "off")

# What every process reads at its start. No secrets, and no addresses that may hold one.
FIXED = (
    *("FLASK_ENV", "STORAGE_BACKEND", "S3_BUCKET", "DATA_DIR", "WORKERS", "ENGINE", "ENGINE_GPU"),
    *("ENGINE_THREADS", "ENGINE_TILE", "JOB_TIMEOUT_SECONDS", "JOB_MEMORY_BYTES", "JOB_MAX_ATTEMPTS"),
    *("SMTP_HOST", "FETCH_URLS", "WEBHOOK_ALLOWED_NETWORKS"),
)


@dataclass(frozen=True)
class SettingField:
    """A setting as the form shows it.

    Attributes:
        definition: of the setting.
        value: what was entered, or the value in force: a text, or a list where several may be chosen.
        shown: the value in force, as a text.
        error: what is wrong with what was entered, or nothing.
    """

    definition: Definition
    value: str | list[str]
    shown: str
    error: str = ""

    @property
    def choices(self) -> tuple[str, ...]:
        """The values to choose from; empty for a text."""
        return SWITCH if self.definition.schema["type"] == "boolean" else self.definition.choices


class SettingsView(ExactPaths, BaseView):
    """One form with every runtime setting."""

    default_view = "edit"
    paths: ClassVar = {"edit": ("/settings", FORM)}

    @has_access
    def edit(self) -> Response:
        """Show the form; store what was changed in it, all or nothing."""
        current = services().settings.values(db.session())
        entered = _changed(request.form) if request.method == "POST" else {}
        fields = [_field(definition, current, entered) for definition in DEFINITIONS.values()]
        if request.method == "GET":
            return self._page(fields)
        if any(field.error for field in fields):
            return self._page(fields, 422)
        services().settings.update(db.session(), current_actor(), entered)
        flash(gettext("The settings were saved."), "success")
        return redirect(url_for("SettingsView.edit"), 303)

    def _page(self, fields: list[SettingField], status: int = 200) -> Response:
        groups = [(name, list(found)) for name, found in groupby(fields, lambda it: it.definition.mark.group)]
        page = self.render_template(
            "admin/settings.html", title=gettext("Settings"), groups=groups, fixed=_fixed()
        )
        return make_response(page, status)


def _fixed() -> dict[str, str]:
    """Return the settings that the console shows and cannot change, by the name of the variable."""
    return {name: _text(getattr(config(), name.lower())) for name in FIXED}


def _changed(form: MultiDict[str, str]) -> dict[str, str | list[str]]:
    """Return what was entered where it differs from what the form showed.

    Unchanged fields are left out, so that a form that was open for long does not undo a later change.
    """
    entered: dict[str, str | list[str]] = {}
    for key, definition in DEFINITIONS.items():
        if f"shown_{key}" not in form:
            continue
        value = form.getlist(key) if definition.several else form.get(key, "").strip()
        if _text(value) != form[f"shown_{key}"]:
            entered[key] = value
    return entered


def _field(
    definition: Definition, current: RuntimeValues, entered: Mapping[str, str | list[str]]
) -> SettingField:
    in_force = getattr(current, definition.key)
    shown = _text(in_force)
    if definition.key not in entered:
        return SettingField(definition, list(in_force) if definition.several else shown, shown)
    value = entered[definition.key]
    try:
        definition.parse(value)
    except InvalidParameter:
        expected = definition.expected
        return SettingField(definition, value, shown, localized(expected.advice, expected.values))
    return SettingField(definition, value, shown)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return SWITCH[not value]
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)

"""Models that workers can run, their uses, and the default preset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from flask import abort, flash, redirect, request, url_for
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response

from upscaler.engine.options import OPTIONS
from upscaler.engine.presets import PRESET_TABLE
from upscaler.errors import UpscalerError
from upscaler.extensions import db
from upscaler.models import ModelRecord
from upscaler.services.models.model_table import choices
from upscaler.views.admin.filters import Contains, Equals
from upscaler.views.admin.lists import ConsoleList
from upscaler.views.admin.messages import refuse
from upscaler.views.admin.queries import Field
from upscaler.views.admin.urls import GET, PK, POST
from upscaler.views.context import current_actor, services
from upscaler.views.option_controls import control_of


def type_choices() -> Sequence[tuple[str, Any]]:
    """Return the kinds of model."""
    return (
        ("esrgan", "Real-ESRGAN"),
        ("waifu2x", "waifu2x"),
        ("faces", lazy_gettext("Faces")),
        ("srmd", "SRMD"),
        ("span", "SPAN"),
        ("realcugan", "Real-CUGAN"),
        ("other", lazy_gettext("Other")),
    )


def _words(option: str) -> dict[str, str]:
    """Return the translated label of each value of an option."""
    return dict(control_of(OPTIONS[option], None).choices)


class ModelsView(ConsoleList):
    """The table of models."""

    datamodel = SQLAInterface(ModelRecord)
    default_view = "list"
    paths: ClassVar = {
        "list": ("/models", GET),
        "show": (f"/models/{PK}", GET),
        "choose_preset": ("/models/default-preset", POST),
    }
    list_title = lazy_gettext("Models")
    list_template = "admin/models.html"
    list_columns = ("name", "type", "scale", "licence", "sha256", "note")
    order_columns = ("name", "type", "scale", "licence")
    base_order = ("name", "asc")
    label_columns: ClassVar = {
        "name": lazy_gettext("Model"),
        "type": lazy_gettext("Type"),
        "scale": lazy_gettext("Scale"),
        "licence": lazy_gettext("Licence"),
        "sha256": lazy_gettext("SHA-256"),
        "note": lazy_gettext("Note"),
    }
    search = (
        Field("q", lazy_gettext("Model"), "name", Contains),
        Field("type", lazy_gettext("Type"), "type", Equals, "choice", type_choices),
    )
    search_columns = add_columns = edit_columns = show_columns = ("name",)
    row_template = "admin/rows/model.html"

    def list_context(self) -> dict[str, Any]:
        """Return the presets and the one in force."""
        return {
            "presets": PRESET_TABLE.values(),
            "default_preset": services().settings.values(db.session()).default_preset,
        }

    @has_access
    def show(self, pk: int) -> str:
        """Show a model and its uses."""
        model = self.datamodel.get(pk)
        if model is None:
            abort(404)
        uses = [
            choice
            for choice in choices(db.session())
            if model.name in {part.name for part in choice.recipe.models}
        ]
        page: str = self.render_template(
            "admin/model.html",
            title=model.name,
            model=model,
            uses=uses,
            presets=_words("preset"),
            noise=_words("denoise"),
        )
        return page

    @has_access
    def choose_preset(self) -> Response:
        """Make a preset the one that is used when none is chosen."""
        changes = {"default_preset": request.form.get("default_preset", "")}
        try:
            services().settings.update(db.session(), current_actor(), changes)
        except UpscalerError as error:
            refuse(error)
        else:
            flash(gettext("The default preset was saved."), "success")
        return redirect(url_for("ModelsView.list"), 303)

"""Rendering of public pages: language, direction of writing, and what their scripts read at start."""

from __future__ import annotations

from typing import Any

from babel import Locale
from flask import current_app, render_template, request, url_for
from flask_babel import get_locale, gettext

from upscaler.engine.imaging.formats import SHOWN_MIME_TYPES
from upscaler.errors import UpscalerError
from upscaler.views.public.strings import script_plurals, script_strings
from upscaler.views.sentences import localized


def available_languages() -> dict[str, str]:
    """Return the tag of each language of the site with the language's own name."""
    return {tag.replace("_", "-"): entry["name"] for tag, entry in current_app.config["LANGUAGES"].items()}


def render_page(template: str, **context: Any) -> str:
    """Render a template of ``templates/public`` with the variables that its base needs."""
    locale = _locale()
    return render_template(
        f"public/{template}",
        language=_tag(locale),
        direction=locale.text_direction,
        api_docs_url=url_for("api.docs"),
        **context,
    )


def script_config(limits: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return what the scripts of a page read at start, as JSON-ready values."""
    return {
        "locale": _tag(_locale()),
        "root": request.script_root,
        "limits": limits,
        "shown_mimes": list(SHOWN_MIME_TYPES),
        "strings": script_strings(),
        "plurals": script_plurals(),
    }


def render_error(error: UpscalerError) -> tuple[str, int]:
    """Render the page for an error, in the visitor's language, with the error's status."""
    detail = localized(error.message, error.values)
    page = render_page("error.html", title=gettext(error.title), detail=detail, status=error.status)
    return page, error.status


def _locale() -> Locale:
    return get_locale() or Locale("en")


def _tag(locale: Locale) -> str:
    return str(locale).replace("_", "-")

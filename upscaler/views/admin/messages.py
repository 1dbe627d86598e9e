"""Errors as sentences in the language of the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash
from flask_babel import gettext

from upscaler.errors import UpscalerError
from upscaler.extensions import db


def explain(template: str, values: Mapping[str, Any] | None) -> str:
    """Translate the template of an error and fill it in."""
    text: str = gettext(template)
    try:
        return text % values if values else text
    except (KeyError, TypeError, ValueError):
        # Stored by another version, whose template had other placeholders.
        return text


def refuse(error: UpscalerError) -> None:
    """Show on the next page why nothing was done, and roll back what was not committed."""
    db.session.rollback()
    flash(explain(error.message, error.values), "danger")

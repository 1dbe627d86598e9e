"""Errors as sentences in the language of the page."""

from __future__ import annotations

from flask import flash

from upscaler.errors import UpscalerError
from upscaler.extensions import db
from upscaler.views.sentences import localized


def refuse(error: UpscalerError) -> None:
    """Show on the next page why nothing was done, and roll back what was not committed."""
    db.session.rollback()
    flash(localized(error.message, error.values), "danger")

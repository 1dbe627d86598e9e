"""Errors as sentences in the language of the page."""

from __future__ import annotations

from flask import flash

from upscaler.errors import UpscalerError
from upscaler.extensions import db
from upscaler.views.sentences import localized


def sentences(error: UpscalerError) -> list[str]:
    """Return the sentence of an error, and of those of the same request."""
    return [localized(one.message, one.values) for one in (error, *error.related)]


def refuse(error: UpscalerError) -> None:
    """Show on the next page why nothing was done, and roll back what was not committed."""
    db.session.rollback()
    for sentence in sentences(error):
        flash(sentence, "danger")

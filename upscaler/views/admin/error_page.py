"""The page for an error inside the console."""

from __future__ import annotations

from flask import current_app, render_template, request
from flask_babel import gettext
from flask_login import current_user

from upscaler.errors import UpscalerError
from upscaler.views.admin.urls import ROOT
from upscaler.views.sentences import localized


def is_in_console(error: UpscalerError) -> bool:
    """Whether an error is to be shown in the frame of the console: to who is signed in, and not while the server fails.

    The frame needs the database.
    """
    return error.status < 500 and request.path.startswith(f"{ROOT}/") and bool(current_user.is_authenticated)


def render_console_error(error: UpscalerError) -> tuple[str, int]:
    """Render the page for an error, with the error's status."""
    builder = current_app.extensions["appbuilder"]
    # What the menu reads; a request without a token is refused before Flask-AppBuilder sets it.
    builder.sm.before_request()
    detail = localized(error.message, error.values)
    page = render_template(
        "admin/error.html",
        appbuilder=builder,
        title=gettext(error.title),
        detail=detail,
    )
    return page, error.status

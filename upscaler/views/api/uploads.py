"""Sending a picture, and getting it back."""

from __future__ import annotations

import time

from flask import Blueprint, jsonify, redirect, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as WerkzeugResponse

from upscaler.engine import options
from upscaler.engine.options import UpscaleOptions
from upscaler.errors import UploadNotFound
from upscaler.extensions import db, limiter
from upscaler.models import Upload
from upscaler.views.api.reception import linger, received_form
from upscaler.views.api.schemas import accepted_job
from upscaler.views.context import absolute_url, current_account, links, services
from upscaler.views.localization import select_locale

FIELDS = UpscaleOptions.names() | {"email", "callback_url"}


def register(blueprint: Blueprint) -> None:
    """Add the routes of this module."""
    blueprint.add_url_rule("/uploads", view_func=create, methods=["POST"])
    blueprint.add_url_rule("/uploads/<upload_id>/download", view_func=download)
    blueprint.after_request(linger)


def upload_rate_limit() -> str:
    """Return the limit in force in Flask-Limiter's words, which for no limit are none."""
    limit = str(services().settings.get(db.session, "rate_limit"))
    return "" if limit == "off" else limit


@limiter.limit(upload_rate_limit)
def create() -> ResponseReturnValue:
    """Accept a picture and answer with its job."""
    limit = services().settings.get(db.session, "max_upload_size_bytes")
    with received_form(FIELDS, limit) as (incoming, form):
        chosen = parse_options(form)
        wanted = services().notifications.check(
            form.get("callback_url", "").strip(), form.get("email", "").strip(), select_locale()
        )
        account = current_account()
        owner_id = account.id if account else None
        job = services().submissions.submit(db.session, incoming, chosen, owner_id, wanted)
    return jsonify(accepted_job(job)), 202, {"Location": absolute_url(url_for("api.status", job_id=job.id))}


def download(upload_id: str) -> WerkzeugResponse:
    """Redirect to a signed link to the original."""
    upload = db.session.get(Upload, upload_id)
    if upload is None:
        raise UploadNotFound
    response = redirect(
        absolute_url(links().path(upload.storage_path, upload.original_filename, time.time()))
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def parse_options(form: dict[str, str]) -> UpscaleOptions:
    """Read the choices of a form; raise ``InvalidParameter``."""
    choices = {name: text for name, text in form.items() if name in UpscaleOptions.names()}
    return options.from_text(choices, preset=services().settings.get(db.session, "default_preset"))

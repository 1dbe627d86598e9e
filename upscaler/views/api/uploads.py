"""Sending a picture, and getting it back."""

from __future__ import annotations

import time

from flask import Blueprint, jsonify, redirect, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as WerkzeugResponse

from upscaler.engine.options import UpscaleOptions
from upscaler.errors import InvalidParameter, UploadNotFound
from upscaler.extensions import db, limiter
from upscaler.models import Upload
from upscaler.views.api.reception import linger, received_form
from upscaler.views.api.schemas import accepted_job
from upscaler.views.context import absolute_url, current_account, links, services
from upscaler.views.localization import select_locale

FIELDS = frozenset({"factor", "preset", "denoise", "refine_faces", "email", "callback_url"})
_TRUE, _FALSE = {"true", "1", "yes", "on"}, {"false", "0", "no", "off", ""}


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
        options = parse_options(form)
        wanted = services().notifications.check(
            form.get("callback_url", "").strip(), form.get("email", "").strip(), select_locale()
        )
        account = current_account()
        owner_id = account.id if account else None
        job = services().submissions.submit(db.session, incoming, options, owner_id, wanted)
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
    return UpscaleOptions(
        factor=form.get("factor", ""),
        preset=form.get("preset") or services().settings.get(db.session, "default_preset"),
        denoise=form.get("denoise") or "none",
        refine_faces=parse_bool("refine_faces", form.get("refine_faces", "")),
    )


def parse_bool(name: str, text: str) -> bool:
    """Read a yes or no; raise ``InvalidParameter`` for anything else."""
    lowered = text.strip().lower()
    if lowered in _TRUE | _FALSE:
        return lowered in _TRUE
    raise InvalidParameter(name=name, value=text, choices="true, false")

"""Sending a picture, and getting it back."""

from __future__ import annotations

import json
import time

from flask import jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as WerkzeugResponse

from upscaler import errors
from upscaler.engine import options
from upscaler.engine.options import UpscaleOptions
from upscaler.errors import UploadNotFound
from upscaler.extensions import db
from upscaler.models import Upload
from upscaler.services import api_keys
from upscaler.services.submissions import IncomingFile, sha256_of
from upscaler.views.api import limits
from upscaler.views.api.answers import AcceptedJobAnswer
from upscaler.views.api.forms import UploadForm
from upscaler.views.api.idempotency import HEADER, once
from upscaler.views.api.operations import Operation
from upscaler.views.api.reception import received_form
from upscaler.views.api.routing import FORM
from upscaler.views.api.schemas import accepted_job
from upscaler.views.context import absolute_url, current_account, links, services
from upscaler.views.localization import select_locale

FIELDS = UpscaleOptions.names() | {"email", "callback_url"}


@limits.uploads
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

        def submit() -> ResponseReturnValue:
            job = services().submissions.submit(db.session, incoming, chosen, owner_id, wanted)
            location = absolute_url(url_for("api.status", job_id=job.id))
            return jsonify(accepted_job(job)), 202, {"Location": location, "Cache-Control": "no-store"}

        return once(_asked(incoming, form), submit)


def _asked(incoming: IncomingFile, form: dict[str, str]) -> bytes:
    """Return what makes an upload the same as another one; the form's own wrapping differs each time."""
    if HEADER not in request.headers:
        return b""
    return json.dumps([sorted(form.items()), incoming.filename, sha256_of(incoming.path)]).encode()


def download(upload_id: str) -> WerkzeugResponse:
    """Redirect to a signed link to the original."""
    # PostgreSQL refuses to compare with a text that holds a NUL.
    upload = None if "\0" in upload_id else db.session.get(Upload, upload_id)
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


OPERATIONS = (
    Operation(
        "create",
        "POST",
        "/uploads",
        create,
        "Jobs",
        scope=api_keys.WRITE,
        repeatable=True,
        takes=UploadForm(),
        takes_media_type=FORM,
        answer=AcceptedJobAnswer(),
        status=202,
        errors=(
            *(errors.MissingFile, errors.EmptyFile, errors.FileTooLarge, errors.ExtensionMismatch),
            *(errors.UnsupportedImage, errors.DamagedImage, errors.TooManyPixels, errors.ResultTooLarge),
            *(errors.FormatTooSmall, errors.SeveralPictures, errors.TargetOutOfRange),
            *(errors.InvalidParameter, errors.UnknownParameter, errors.NotAvailable, errors.InvalidEmail),
            *(errors.InvalidCallbackUrl, errors.QueueFull, errors.StorageFull),
        ),
    ),
    Operation(
        "download",
        "GET",
        "/uploads/<string(maxlength=40):upload_id>/download",
        download,
        "Jobs",
        scope=api_keys.READ,
        status=302,
        errors=(UploadNotFound,),
    ),
)

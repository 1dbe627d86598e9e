"""Uploading an image, and downloading it again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from flask import jsonify, redirect
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as WerkzeugResponse

from upscaler import errors
from upscaler.engine.option_texts import from_text
from upscaler.engine.options import OPTIONS, UpscaleOptions
from upscaler.errors import UploadNotFound
from upscaler.extensions import db
from upscaler.models import Job, Priority, Upload
from upscaler.services.accounts import api_keys
from upscaler.services.files.incoming import IncomingFile
from upscaler.services.jobs import actions, offers
from upscaler.services.jobs.new_jobs import Sender
from upscaler.services.outbound import urls
from upscaler.views.api import rate_limits
from upscaler.views.api.authentication import current_caller
from upscaler.views.api.forms import FORM_BYTES, ReceivedForm
from upscaler.views.api.idempotency import asked_by_form, keep, once
from upscaler.views.api.multipart import received_form
from upscaler.views.api.operations import Operation
from upscaler.views.api.routing import FORM
from upscaler.views.api.schemas.jobs import AcceptedJobSchema
from upscaler.views.api.schemas.requests import AddressBody, UploadForm
from upscaler.views.api.serializers.jobs import accepted_job
from upscaler.views.context import absolute_url, current_account, current_actor, endpoint_url, links, services
from upscaler.views.localization import select_locale

# Fields of the form besides the file.
FIELDS = frozenset(UploadForm().fields) - {"file"}
# Errors of an image, or of its address, before anything is done with it.
IMAGE_ERRORS = (
    *(errors.MissingFile, errors.TwoImages, errors.InvalidUrl, errors.UrlNotAllowed),
    *(errors.FetchFailed, errors.NotAvailable, errors.EmptyFile, errors.FileTooLarge, errors.FormTooLarge),
    *(
        errors.UnsupportedImage,
        errors.UnsupportedLayout,
        errors.DamagedImage,
        errors.Infected,
        errors.TooComplexImage,
        errors.TooManyPixels,
    ),
    errors.SeveralImages,
    errors.ServiceBusy,
    errors.ScannerUnavailable,
)


@rate_limits.uploads
def create_upload() -> ResponseReturnValue:
    """Accept an image, or the URL of one, and return its job."""
    limit = services().settings.values(db.session()).max_upload_size_bytes
    with received_form(FIELDS, limit) as form:
        _, chosen, sender = errors.gathered(
            partial(check_image, form),
            partial(parse_options, form.fields),
            partial(sender_of, form.fields, Priority.NORMAL),
        )

        def submit() -> ResponseReturnValue:
            submissions = services().submissions
            submissions.check_queue(db.session, 1)
            with image_of(form, limit) as image:
                checked = submissions.check(db.session, image, chosen, current_actor())
                with submissions.stored(db.session, [checked], chosen, sender) as [job]:
                    # A host that dies now has either done nothing, or the next one knows what it has done.
                    return keep(_accepted(job))

        return once(asked_by_form(form.files, form.fields), submit)


def longest_upload() -> int:
    """Return the longest body in bytes of a request with one image."""
    return services().settings.values(db.session()).max_upload_size_bytes + FORM_BYTES


def _accepted(job: Job) -> ResponseReturnValue:
    location = endpoint_url("api.get_job", job_id=job.id)
    return jsonify(accepted_job(job)), 202, {"Location": location, "Cache-Control": "no-store"}


def check_image(form: ReceivedForm) -> None:
    """Check a form that holds one image, or the address of one.

    Raises:
        UpscalerError: as ``ReceivedForm.check`` does.
        NotAvailable, InvalidUrl: the address cannot be used.
    """
    errors.gathered(form.check, partial(_check_address, form.fields.get("url", "").strip()))


def _check_address(address: str) -> None:
    if address and services().fetcher is None:
        raise errors.NotAvailable(name="url")
    if address:
        urls.parse(address)


@contextmanager
def image_of(form: ReceivedForm, max_bytes: int) -> Iterator[IncomingFile]:
    """Yield the file of a form that was checked, or fetch the one whose address it holds."""
    fetcher = services().fetcher
    if form.files or fetcher is None:
        yield form.files[0]
        return
    # No connection to the database is held while another server takes its time.
    db.session.rollback()
    with fetcher.fetched(form.fields["url"].strip(), services().workspace.folder, max_bytes) as image:
        yield image


def download_upload(upload_id: str) -> WerkzeugResponse:
    """Redirect to a signed link to the original."""
    upload = db.session.get(Upload, upload_id)
    if upload is None:
        raise UploadNotFound
    key, name = actions.original_to_download(db.session(), current_actor(), upload)
    response = redirect(absolute_url(links().path(key, name, time.time())))
    response.headers["Cache-Control"] = "no-store"
    return response


def parse_options(form: dict[str, str]) -> UpscaleOptions:
    """Read the options of a form; raise ``InvalidParameter``, ``UnknownModel``."""
    given = {name: text.strip() for name, text in form.items() if name in OPTIONS}
    limits = services().settings.values(db.session())
    chosen, _ = errors.gathered(
        partial(from_text, given, preset=limits.default_preset),
        partial(offers.check, db.session(), limits, given),
    )
    return chosen


def sender_of(form: dict[str, str], usual: Priority) -> Sender:
    """Return the sender of a form, with its priority and the recipients of messages.

    Raises:
        InvalidParameter, InvalidCallbackUrl, InvalidEmail, MailNotOffered: a field of the form cannot be used.
    """
    recipients = (form.get("callback_url", "").strip(), form.get("email", "").strip())
    wanted, priority = errors.gathered(
        partial(services().notifications.check, *recipients, select_locale()),
        partial(parse_priority, form, usual),
    )
    account = current_account()
    return Sender(
        services().submitter(current_caller().name), account.id if account else None, priority, wanted
    )


def parse_priority(form: dict[str, str], usual: Priority) -> Priority:
    """Read the priority of a job; raise ``InvalidParameter``."""
    given = form.get("priority", "").strip() or usual.label
    for priority in Priority:
        if given == priority.label:
            return priority
    choices = ", ".join(priority.label for priority in Priority)
    raise errors.InvalidParameter(name="priority", value=given, choices=choices)


OPERATIONS = (
    Operation(
        "create_upload",
        "POST",
        "/uploads",
        create_upload,
        "Jobs",
        scope=api_keys.WRITE,
        idempotent=True,
        own_rate_limit=True,
        takes=UploadForm(),
        takes_media_type=FORM,
        takes_as_json=AddressBody(),
        longest_body=longest_upload,
        answer=AcceptedJobSchema(),
        status=202,
        location=True,
        errors=(
            *IMAGE_ERRORS,
            *(errors.ResultTooLarge, errors.FormatTooSmall, errors.TargetOutOfRange),
            *(errors.InvalidParameter, errors.UnknownModel, errors.UnknownParameter, errors.InvalidEmail),
            *(errors.InvalidCallbackUrl, errors.QueueFull, errors.StorageFull),
        ),
    ),
    Operation(
        "download_upload",
        "GET",
        "/uploads/<id:upload_id>/download",
        download_upload,
        "Jobs",
        scope=api_keys.READ,
        status=302,
        location=True,
        errors=(UploadNotFound,),
    ),
)

"""Batches: many images that are sent, followed, retried and downloaded as one."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue

from upscaler import errors
from upscaler.errors import BatchConflict, BatchNotFound, Forbidden
from upscaler.extensions import db
from upscaler.models import Priority
from upscaler.services.accounts import api_keys
from upscaler.services.batches import retries
from upscaler.services.batches.state import BatchStatus, find_batch, has_ended
from upscaler.services.batches.submission import stored
from upscaler.services.batches.unpacking import UnpackLimits
from upscaler.services.jobs import actions
from upscaler.views.api import rate_limits
from upscaler.views.api.form_parser import FILE_FIELDS
from upscaler.views.api.idempotency import asked_by_form, keep, once
from upscaler.views.api.long_polling import answer_poll, next_poll_seconds
from upscaler.views.api.multipart import bytes_of_batch, received_batch, unpacked
from upscaler.views.api.operations import Operation
from upscaler.views.api.routing import FORM
from upscaler.views.api.schemas.batches import BatchSchema
from upscaler.views.api.schemas.requests import BatchForm
from upscaler.views.api.serializers.batches import batch_status
from upscaler.views.api.uploads import parse_options, sender_of
from upscaler.views.archives import send_archive
from upscaler.views.context import current_account, current_actor, endpoint_url, services

# Fields of the form besides the files.
FIELDS = frozenset(BatchForm().fields) - FILE_FIELDS


@rate_limits.uploads
def create_batch() -> ResponseReturnValue:
    """Accept several images, or a ZIP file of them, and return their batch."""
    room = _room()
    with received_batch(FIELDS, room) as form:
        _, chosen, sender = errors.gathered(
            form.check,
            partial(parse_options, form.fields),
            partial(sender_of, form.fields, Priority.BATCH),
        )

        def submit() -> ResponseReturnValue:
            with unpacked(form.files, room) as images:
                # The request itself has counted as one already.
                rate_limits.more_uploads(len(images) - 1)
                given = (db.session(), services().submissions, images, chosen, sender, current_actor())
                with stored(*given) as batch_id:
                    # With the jobs, so that a request that is sent twice never makes them twice.
                    return keep(_accepted(batch_id))

        return once(asked_by_form(form.files, form.fields), submit)


def get_batch(batch_id: str) -> ResponseReturnValue:
    """Return the state of a batch and of each of its images; knowing its id grants access."""
    find_batch(db.session(), batch_id)

    def state() -> tuple[dict[str, Any], int | None]:
        found = batch_status(find_batch(db.session(), batch_id))
        ended = BatchStatus(found["status"]).ended
        return found, None if ended else next_poll_seconds(found["estimated_seconds"])

    return answer_poll(partial(has_ended, db.session(), batch_id), state)


def retry_batch(batch_id: str) -> ResponseReturnValue:
    """Run the failed images of a batch again, each as a new job."""
    found = find_batch(db.session(), batch_id)
    if not actions.may_change(current_account(), found):
        raise Forbidden
    failed = len(retries.failed_items(found))
    services().submissions.check_queue(db.session(), failed)
    # What an operator does for somebody else is not held against anybody's rate.
    if not actions.is_for_another(current_account(), found):
        rate_limits.more_uploads(failed)
    with retries.retried(db.session(), current_actor(), services().submissions, batch_id):
        return keep(_accepted(batch_id))


def download_batch(batch_id: str) -> ResponseReturnValue:
    """Send the results of a batch as one ZIP file."""
    return send_archive(find_batch(db.session(), batch_id))


def _longest_batch() -> int:
    return bytes_of_batch(_room())


def _room() -> UnpackLimits:
    in_force = services().settings.values(db.session())
    return UnpackLimits(
        files=in_force.max_batch_files,
        file_bytes=in_force.max_upload_size_bytes,
        total_bytes=in_force.max_batch_size_bytes,
    )


def _accepted(batch_id: str) -> ResponseReturnValue:
    state = batch_status(find_batch(db.session(), batch_id))
    location = endpoint_url("api.get_batch", batch_id=batch_id)
    return jsonify(state), 202, {"Location": location, "Cache-Control": "no-store"}


_PATH = "/batches/<id:batch_id>"
OPERATIONS = (
    Operation(
        "create_batch",
        "POST",
        "/batches",
        create_batch,
        "Batches",
        scope=api_keys.WRITE,
        idempotent=True,
        own_rate_limit=True,
        takes=BatchForm(),
        takes_media_type=FORM,
        longest_body=_longest_batch,
        answer=BatchSchema(),
        status=202,
        location=True,
        errors=(
            *(
                errors.MissingFile,
                errors.BatchTooLarge,
                errors.FormTooLarge,
                errors.TooManyFiles,
                errors.InvalidArchive,
            ),
            *(errors.BatchRefused, errors.InvalidParameter, errors.UnknownModel, errors.UnknownParameter),
            errors.NotAvailable,
            *(errors.InvalidEmail, errors.InvalidCallbackUrl, errors.QueueFull, errors.StorageFull),
        ),
    ),
    Operation(
        "get_batch",
        "GET",
        _PATH,
        get_batch,
        "Batches",
        scope=api_keys.READ,
        long_polling=True,
        answer=BatchSchema(),
        errors=(BatchNotFound,),
    ),
    Operation(
        "retry_batch",
        "POST",
        f"{_PATH}/retry",
        retry_batch,
        "Batches",
        scope=api_keys.WRITE,
        idempotent=True,
        answer=BatchSchema(),
        status=202,
        location=True,
        errors=(
            BatchNotFound,
            BatchConflict,
            Forbidden,
            errors.FileGone,
            errors.ResultTooLarge,
            errors.QueueFull,
        ),
    ),
    Operation(
        "download_batch",
        "GET",
        f"{_PATH}/download",
        download_batch,
        "Batches",
        scope=api_keys.READ,
        media_type="application/zip",
        errors=(BatchNotFound, BatchConflict),
    ),
)

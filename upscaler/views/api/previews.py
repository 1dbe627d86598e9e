"""Previews: a small part of an image through several presets, to choose by."""

from __future__ import annotations

from typing import Any

from flask import jsonify, url_for
from flask.typing import ResponseReturnValue

from upscaler import errors
from upscaler.engine import options
from upscaler.engine.imaging.crops import Crop
from upscaler.engine.options import PRESETS
from upscaler.extensions import db
from upscaler.services.accounts import api_keys
from upscaler.services.previews.requests import find
from upscaler.views.api import rate_limits
from upscaler.views.api.idempotency import asked_by_form, keep, once
from upscaler.views.api.long_polling import SOONEST, answer_poll
from upscaler.views.api.multipart import received_form
from upscaler.views.api.operations import Operation
from upscaler.views.api.routing import FORM
from upscaler.views.api.schemas.previews import (
    PLACE,
    PREVIEW_OPTIONS,
    SIZE,
    PreviewBody,
    PreviewForm,
    PreviewSchema,
)
from upscaler.views.api.serializers.previews import preview_status
from upscaler.views.api.uploads import IMAGE_ERRORS, image_of
from upscaler.views.context import absolute_url, current_account, services

# Fields of the form besides the file.
FIELDS = frozenset(PreviewForm().fields) - {"file"}


@rate_limits.previews
def create_preview() -> ResponseReturnValue:
    """Upscale a small part of an image with several presets; the image is not kept."""
    limit = services().settings.values(db.session()).max_upload_size_bytes
    with received_form(FIELDS, limit) as (incoming, form):
        chosen = {name: form[name] for name in PREVIEW_OPTIONS if name in form}
        factors = services().settings.values(db.session()).factors
        wanted = options.from_text(chosen, factor=factors[0])
        crop, presets = _crop(form), _presets(form)
        account = current_account()
        owner_id = account.id if account else None

        def submit() -> ResponseReturnValue:
            with (
                image_of(incoming, form, limit) as image,
                services().previews.stored(db.session, image, crop, wanted, presets, owner_id) as preview,
            ):
                location = absolute_url(url_for("api.get_preview", preview_id=preview.id))
                headers = {"Location": location, "Cache-Control": "no-store", "Retry-After": str(SOONEST)}
                return keep((jsonify(preview_status(preview)), 202, headers))

        return once(asked_by_form([incoming] if incoming else [], form), submit)


def get_preview(preview_id: str) -> ResponseReturnValue:
    """Return what the presets have made of the part so far; knowing its id grants access."""

    def state() -> tuple[dict[str, Any], int | None]:
        preview = find(db.session(), preview_id)
        return preview_status(preview), None if preview.ended else SOONEST

    return answer_poll(lambda: find(db.session(), preview_id).ended, state)


def _presets(form: dict[str, str]) -> tuple[str, ...]:
    """Read the wanted presets, in the order of all; raise ``InvalidParameter``."""
    named = [name.strip() for name in form.get("presets", "").split(",") if name.strip()]
    for name in named:
        if name not in PRESETS:
            raise errors.InvalidParameter(name="presets", value=name, choices=", ".join(PRESETS))
    return tuple(preset for preset in PRESETS if not named or preset in named)


def _crop(form: dict[str, str]) -> Crop:
    """Read where the part lies; raise ``InvalidParameter``."""
    numbers: dict[str, int] = {}
    for name, allowed in {**PLACE, **SIZE}.items():
        text = form.get(name, "").strip()
        if not text:
            continue
        # The length is looked at first: a number of a million digits takes its time.
        if not (text.isascii() and text.isdigit() and len(text) <= 7 and int(text) in allowed):
            choices = f"{allowed.start}-{allowed.stop - 1}"
            raise errors.InvalidParameter(name=name, value=text, choices=choices)
        numbers[name] = int(text)
    return Crop(**numbers)


OPERATIONS = (
    Operation(
        "create_preview",
        "POST",
        "/previews",
        create_preview,
        "Previews",
        scope=api_keys.WRITE,
        idempotent=True,
        own_rate_limit=True,
        takes=PreviewForm(),
        takes_media_type=FORM,
        takes_as_json=PreviewBody(),
        answer=PreviewSchema(),
        status=202,
        location=True,
        errors=(
            *IMAGE_ERRORS,
            *(errors.CropOutside, errors.InvalidParameter, errors.UnknownParameter, errors.QueueFull),
            errors.StorageFull,
        ),
    ),
    Operation(
        "get_preview",
        "GET",
        "/previews/<id:preview_id>",
        get_preview,
        "Previews",
        scope=api_keys.READ,
        long_polling=True,
        answer=PreviewSchema(),
        errors=(errors.PreviewNotFound,),
    ),
)

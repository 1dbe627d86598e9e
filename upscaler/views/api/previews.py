"""Previews: a small part of an image through several presets, to choose by."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue

from upscaler import errors
from upscaler.engine.imaging.crops import Crop
from upscaler.engine.option_texts import from_text
from upscaler.engine.options import PRESETS, UpscaleOptions
from upscaler.extensions import db
from upscaler.services.accounts import api_keys
from upscaler.services.jobs import offers
from upscaler.services.previews.requests import find
from upscaler.views.api import rate_limits
from upscaler.views.api.idempotency import asked_by_form, keep, once
from upscaler.views.api.long_polling import SOONEST, answer_poll
from upscaler.views.api.multipart import received_form
from upscaler.views.api.operations import Operation
from upscaler.views.api.routing import FORM
from upscaler.views.api.schemas.previews import CROP, PREVIEW_OPTIONS, PreviewBody, PreviewForm, PreviewSchema
from upscaler.views.api.serializers.previews import preview_status
from upscaler.views.api.uploads import IMAGE_ERRORS, check_image, image_of, longest_upload
from upscaler.views.context import current_actor, endpoint_url, services

# Fields of the form besides the file.
FIELDS = frozenset(PreviewForm().fields) - {"file"}


@rate_limits.previews
def create_preview() -> ResponseReturnValue:
    """Upscale a small part of an image with several presets; the image is not kept."""
    limit = services().settings.values(db.session()).max_upload_size_bytes
    with received_form(FIELDS, limit) as form:
        _, (wanted, crop, presets) = errors.gathered(
            partial(check_image, form), partial(_wishes, form.fields)
        )
        actor = current_actor()

        def submit() -> ResponseReturnValue:
            with (
                image_of(form, limit) as image,
                services().previews.stored(db.session, image, crop, wanted, presets, actor) as preview,
            ):
                location = endpoint_url("api.get_preview", preview_id=preview.id)
                headers = {"Location": location, "Cache-Control": "no-store", "Retry-After": str(SOONEST)}
                return keep((jsonify(preview_status(preview)), 202, headers))

        return once(asked_by_form(form.files, form.fields), submit)


def get_preview(preview_id: str) -> ResponseReturnValue:
    """Return what the presets have made of the part so far; knowing its id grants access."""

    def state() -> tuple[dict[str, Any], int | None]:
        preview = find(db.session(), preview_id)
        return preview_status(preview), None if preview.ended else SOONEST

    return answer_poll(lambda: find(db.session(), preview_id).ended, state)


def _wishes(form: dict[str, str]) -> tuple[UpscaleOptions, Crop, tuple[str, ...]]:
    """Read the options, the crop and the presets; raise ``InvalidParameter``."""
    limits = services().settings.values(db.session())
    chosen = {name: form[name].strip() for name in PREVIEW_OPTIONS if name in form}
    (wanted, _), crop, presets = errors.gathered(
        lambda: errors.gathered(
            partial(from_text, chosen, factor=limits.factors[0]),
            partial(offers.check, db.session(), limits, chosen),
        ),
        partial(_crop, form),
        partial(_presets, form),
    )
    return wanted, crop, presets


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
    refusals = []
    for name, kind in CROP.items():
        text = form.get(name, "").strip()
        number = kind.read(text)
        if kind.accepts(number):
            numbers[name] = number
        elif text:
            refusals.append(errors.InvalidParameter(name=name, value=text, choices=kind.expected))
    if refusals:
        raise errors.combined(refusals)
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
        longest_body=longest_upload,
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

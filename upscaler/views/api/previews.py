"""Previews: a small piece of an image through several presets, to choose by."""

from __future__ import annotations

import time
from typing import Any

from flask import jsonify, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from marshmallow import Schema, fields, validate

from upscaler import errors
from upscaler.engine import options
from upscaler.engine.imaging.crops import MAX_CROP_SIDE, Crop
from upscaler.engine.options import OPTIONS, PRESETS
from upscaler.extensions import db
from upscaler.models import JobStatus, Preview, iso8601
from upscaler.services.accounts import api_keys
from upscaler.services.previews.requests import find
from upscaler.views.api import rate_limits
from upscaler.views.api.idempotency import asked_by_form, keep, once
from upscaler.views.api.long_polling import SOONEST, answer_poll
from upscaler.views.api.multipart import received_form
from upscaler.views.api.operations import Operation
from upscaler.views.api.routing import FORM
from upscaler.views.api.schemas.options import option_fields
from upscaler.views.api.schemas.requests import FILE_OR_URL, web_address
from upscaler.views.api.uploads import IMAGE_ERRORS, image_of
from upscaler.views.context import absolute_url, current_account, links, services

_OPTIONS = {name: option for name, option in OPTIONS.items() if option.in_preview}
MAX_OFFSET = 1_000_000
_PLACE = {"left": range(MAX_OFFSET + 1), "top": range(MAX_OFFSET + 1)}
_SIZE = {"width": range(1, MAX_CROP_SIDE + 1), "height": range(1, MAX_CROP_SIDE + 1)}

_PRESET = f"({'|'.join(PRESETS)})"
_PRESETS = f"^{_PRESET}( ?, ?{_PRESET})*$"


class PreviewParameters(Schema):
    """The piece of an image to upscale, the presets to compare, and the options that change a preview."""

    class Meta:
        """The options come from their table."""

        include = option_fields(_OPTIONS.values(), special=False)

    presets = fields.String(
        metadata={
            "pattern": _PRESETS,
            "description": f"some of {', '.join(PRESETS)}, with commas; all when left out",
            "example": "photo",
        }
    )
    left = fields.Integer(
        validate=validate.Range(0, MAX_OFFSET),
        metadata={"description": "in pixels of the upright image; the middle when left out"},
    )
    top = fields.Integer(validate=validate.Range(0, MAX_OFFSET), metadata={"description": "likewise"})
    width = fields.Integer(
        validate=validate.Range(1, MAX_CROP_SIDE),
        metadata={"description": f"{MAX_CROP_SIDE}, or all of a smaller image, when left out"},
    )
    height = fields.Integer(validate=validate.Range(1, MAX_CROP_SIDE), metadata={"description": "likewise"})


class PreviewForm(PreviewParameters):
    """An image, in ``file`` or at ``url``, the piece of it to try, and on what."""

    RULES = FILE_OR_URL

    file = fields.Raw(metadata={"type": "string", "format": "binary"})
    url = web_address("address of the image in place of the file; the service fetches it")


class PreviewBody(PreviewParameters):
    """The address of an image, the piece of it to try, and on what."""

    url = web_address("address of the image, which the service fetches", required=True)


# Fields of the form besides the file.
FIELDS = frozenset(PreviewForm().fields) - {"file"}


class CropAnswer(Schema):
    """The piece of the image, in pixels."""

    left = fields.Integer(required=True)
    top = fields.Integer(required=True)
    width = fields.Integer(required=True)
    height = fields.Integer(required=True)


class PreviewErrorAnswer(Schema):
    """Why a preset made nothing of it."""

    code = fields.String(required=True)
    detail = fields.String(required=True)


class PreviewItemAnswer(Schema):
    """What one preset makes of the piece."""

    preset = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(("queued", "completed", "failed")))
    model = fields.String(required=True, allow_none=True)
    image = fields.Url(
        required=True, allow_none=True, require_tld=False, metadata={"description": "a PNG file"}
    )
    width = fields.Integer(required=True, allow_none=True)
    height = fields.Integer(required=True, allow_none=True)
    seconds = fields.Float(required=True, allow_none=True)
    error = fields.Nested(PreviewErrorAnswer, required=True, allow_none=True)


class PreviewOptionsAnswer(Schema):
    """The options of a preview."""

    class Meta:
        """The options come from their table."""

        include = option_fields(_OPTIONS.values(), special=False)


class PreviewAnswer(Schema):
    """A preview. ``items`` are filled one after another."""

    preview_id = fields.String(required=True)
    status = fields.String(
        required=True,
        validate=validate.OneOf([status.value for status in JobStatus if status.value != "canceled"]),
    )
    created_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True)
    params = fields.Nested(PreviewOptionsAnswer, required=True)
    crop = fields.Nested(CropAnswer, required=True)
    items = fields.List(fields.Nested(PreviewItemAnswer), required=True)


@rate_limits.previews
def create() -> ResponseReturnValue:
    """Try presets on a small piece of an image, which is not kept."""
    limit = services().settings.values(db.session()).max_upload_size_bytes
    with received_form(FIELDS, limit) as (incoming, form):
        chosen = {name: form[name] for name in _OPTIONS if name in form}
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
                location = absolute_url(url_for("api.preview", preview_id=preview.id))
                headers = {"Location": location, "Cache-Control": "no-store", "Retry-After": str(SOONEST)}
                return keep((jsonify(preview_state(preview)), 202, headers))

        return once(asked_by_form([incoming] if incoming else [], form), submit)


def status(preview_id: str) -> ResponseReturnValue:
    """Tell what the presets have made of the piece so far; to know its id is to hold the link to it."""

    def state() -> tuple[dict[str, Any], int | None]:
        preview = find(db.session(), preview_id)
        return preview_state(preview), None if preview.ended else SOONEST

    return answer_poll(lambda: find(db.session(), preview_id).ended, state)


def preview_state(preview: Preview) -> dict[str, Any]:
    """Return all about a preview."""
    return {
        "preview_id": preview.id,
        "status": preview.status,
        "created_at": iso8601(preview.created_at),
        "expires_at": iso8601(preview.expires_at),
        "params": {name: value for name, value in preview.params.items() if name in _OPTIONS},
        "crop": {
            "left": preview.left,
            "top": preview.top,
            "width": preview.width,
            "height": preview.height,
        },
        "items": [_item(preset, preview.results.get(preset)) for preset in preview.presets],
    }


def _item(preset: str, made: dict[str, Any] | None) -> dict[str, Any]:
    made = made or {}
    error = None
    if "error_code" in made:
        template = made["error_message"]
        detail = gettext(template)
        error = {
            "code": made["error_code"],
            "detail": detail % made["error_values"] if made["error_values"] else detail,
        }
    path = made.get("path")
    return {
        "preset": preset,
        "status": "failed" if error else "completed" if path else "queued",
        "model": made.get("model"),
        "image": absolute_url(links().path(path, f"{preset}.png", time.time())) if path else None,
        "width": made.get("width"),
        "height": made.get("height"),
        "seconds": made.get("seconds"),
        "error": error,
    }


def _presets(form: dict[str, str]) -> tuple[str, ...]:
    """Read the wanted presets, in the order of all; raise ``InvalidParameter``."""
    named = [name.strip() for name in form.get("presets", "").split(",") if name.strip()]
    for name in named:
        if name not in PRESETS:
            raise errors.InvalidParameter(name="presets", value=name, choices=", ".join(PRESETS))
    return tuple(preset for preset in PRESETS if not named or preset in named)


def _crop(form: dict[str, str]) -> Crop:
    """Read where the piece lies; raise ``InvalidParameter``."""
    numbers: dict[str, int] = {}
    for name, allowed in {**_PLACE, **_SIZE}.items():
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
        create,
        "Jobs",
        scope=api_keys.WRITE,
        repeatable=True,
        own_limit=True,
        takes=PreviewForm(),
        takes_media_type=FORM,
        takes_as_json=PreviewBody(),
        answer=PreviewAnswer(),
        status=202,
        errors=(
            *IMAGE_ERRORS,
            *(errors.CropOutside, errors.InvalidParameter, errors.UnknownParameter, errors.QueueFull),
            errors.StorageFull,
        ),
    ),
    Operation(
        "preview",
        "GET",
        "/previews/<id:preview_id>",
        status,
        "Jobs",
        scope=api_keys.READ,
        waits=True,
        answer=PreviewAnswer(),
        errors=(errors.PreviewNotFound,),
    ),
)

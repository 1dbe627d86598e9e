"""Quote for an image before it is sent."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from upscaler.engine.options import OPTIONS, UpscaleOptions
from upscaler.errors import (
    FormatTooSmall,
    ResultTooLarge,
    TargetOutOfRange,
    TooManyPixels,
    UnknownModel,
    gathered,
)
from upscaler.extensions import db
from upscaler.services.accounts import api_keys
from upscaler.services.jobs import offers, quotes
from upscaler.services.jobs.file_sizes import SourceFile
from upscaler.services.jobs.workers import count_online
from upscaler.views.api.authentication import current_caller
from upscaler.views.api.operations import Operation
from upscaler.views.api.schemas.options import option_fields
from upscaler.views.api.schemas.quotes import QuoteSchema
from upscaler.views.api.serializers.jobs import status_reason
from upscaler.views.context import services

_SIDE = validate.Range(1, 10**6)
_SIZE = validate.Range(1, 10**12)
# Parameters that describe the image and are no options.
_OF_IMAGE = ("width", "height", "size_bytes", "mime_type")


class QuoteQuery(Schema):
    """The size of an image, and the options that change its result's size, file or time."""

    class Meta:
        """The options come from their table."""

        include = option_fields(option for option in OPTIONS.values() if option.in_quote)

    width = fields.Integer(
        required=True, validate=_SIDE, metadata={"example": 640, "description": "width in pixels"}
    )
    height = fields.Integer(
        required=True, validate=_SIDE, metadata={"example": 480, "description": "height in pixels"}
    )
    size_bytes = fields.Integer(
        validate=_SIZE, metadata={"example": 24_000, "description": "size of the image's file in bytes"}
    )
    mime_type = fields.String(
        validate=validate.Length(max=100),
        metadata={"example": "image/jpeg", "description": "MIME type of the image's file"},
    )


def get_quote(query: dict[str, Any]) -> ResponseReturnValue:
    """Estimate size, time and place in the queue without an image."""
    limits = services().settings.values(db.session())
    size = (query["width"], query["height"])
    choices = {name: value for name, value in query.items() if name not in _OF_IMAGE}
    options, _ = gathered(
        partial(UpscaleOptions.from_mapping, {"preset": limits.default_preset, **choices}),
        partial(offers.check, db.session(), limits, choices),
    )
    workers, submitter = count_online(db.session), services().submitter(current_caller().name)
    source = None
    if "size_bytes" in query and "mime_type" in query:
        source = SourceFile(query["size_bytes"], query["mime_type"])
    found = quotes.quote(db.session(), size, options, limits, workers, submitter, source)
    more = {
        "output_pixels": found.output_width * found.output_height,
        "estimated_seconds": None
        if found.waiting_seconds is None
        else found.own_seconds + found.waiting_seconds,
        "status_reason": status_reason(ended=False, workers=workers),
    }
    return jsonify({**vars(found), **more}), {"Cache-Control": "no-store"}


OPERATIONS = (
    Operation(
        "get_quote",
        "GET",
        "/quote",
        get_quote,
        "Service",
        scope=api_keys.READ,
        query=QuoteQuery(),
        answer=QuoteSchema(),
        errors=(TooManyPixels, ResultTooLarge, FormatTooSmall, TargetOutOfRange, UnknownModel),
    ),
)

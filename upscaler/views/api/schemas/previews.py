"""Previews in requests and responses."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from upscaler.engine.imaging.crops import MAX_CROP_SIDE
from upscaler.engine.option_kinds import WholeNumber
from upscaler.engine.options import OPTIONS, PRESETS
from upscaler.models import JobStatus
from upscaler.views.api.schemas.described import integer, list_of, moment, nested, real, text, url
from upscaler.views.api.schemas.errors import ErrorSchema
from upscaler.views.api.schemas.options import option_fields
from upscaler.views.api.schemas.params import PreviewParamsSchema
from upscaler.views.api.schemas.requests import FILE_OR_URL, web_address

PREVIEW_OPTIONS = {name: option for name, option in OPTIONS.items() if option.in_preview}
MAX_OFFSET = 1_000_000
_OFFSET, _SIDE = WholeNumber(range(MAX_OFFSET + 1)), WholeNumber(range(1, MAX_CROP_SIDE + 1))
CROP = {"left": _OFFSET, "top": _OFFSET, "width": _SIDE, "height": _SIDE}

_PRESET = f"({'|'.join(PRESETS)})"
_PRESETS = f"^{_PRESET}( ?, ?{_PRESET})*$"


class PreviewParameters(Schema):
    """The part of an image to upscale, the presets to compare, and the options that change a preview."""

    class Meta:
        """The options come from their table."""

        include = option_fields(PREVIEW_OPTIONS.values(), special=False)

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
    top = fields.Integer(
        validate=validate.Range(0, MAX_OFFSET), metadata={"description": "as for the other side"}
    )
    width = fields.Integer(
        validate=validate.Range(1, MAX_CROP_SIDE),
        metadata={"description": f"{MAX_CROP_SIDE}, or all of a smaller image, when left out"},
    )
    height = fields.Integer(
        validate=validate.Range(1, MAX_CROP_SIDE), metadata={"description": "as for the other side"}
    )


class PreviewForm(PreviewParameters):
    """An image, in ``file`` or at ``url``, the part of it, and what to preview."""

    RULES = FILE_OR_URL

    file = fields.Raw(
        metadata={
            "type": "string",
            "format": "binary",
            "description": "the image; only the part of it is kept",
        }
    )
    url = web_address("URL of the image in place of the file; the service fetches it")


class PreviewBody(PreviewParameters):
    """The URL of an image, the part of it, and what to preview."""

    url = web_address("URL of the image, which the service fetches", required=True)


class CropSchema(Schema):
    """The part of the image, in pixels."""

    left = integer("distance from the left edge of the image")
    top = integer("distance from the top edge of the image")
    width = integer("width of the part")
    height = integer("height of the part")


class PreviewItemSchema(Schema):
    """Result of one preset for the part."""

    preset = text("name of the preset")
    status = text("state of this preset", choices=("queued", "completed", "failed"))
    model = text("what ran: the name of a model, or of several", nullable=True)
    image_file = url("signed link to a PNG file", nullable=True)
    width = integer("width in pixels", nullable=True)
    height = integer("height in pixels", nullable=True)
    seconds = real("seconds of work", nullable=True)
    error = nested(ErrorSchema, "why the preset failed; null unless it did", nullable=True)


class PreviewSchema(Schema):
    """A preview. Its items are filled one after another."""

    id = text("id of the preview")
    status = text(
        "state of the preview",
        choices=[status.value for status in JobStatus if status is not JobStatus.CANCELED],
    )
    created_at = moment("when the preview was accepted")
    expires_at = moment("when the preview and its files are deleted")
    params = nested(PreviewParamsSchema, "the options in force")
    crop = nested(CropSchema, "the part of the image, in pixels")
    items = list_of(PreviewItemSchema, "one for each preset")

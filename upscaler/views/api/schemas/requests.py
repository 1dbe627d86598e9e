"""What may be sent as a form or as overrides, for the documentation. The views read these by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from upscaler.engine.imaging.formats import FORMATS, OUTPUT_FORMATS
from upscaler.engine.options import (
    DENOISE_LEVELS,
    DETAILS,
    FACTORS,
    FIT,
    KEEP_METADATA,
    MODEL_NAME,
    PRESETS,
    QUALITIES,
    SHARPEN_LEVELS,
    TARGET_SIDES,
)
from upscaler.models import Priority
from upscaler.services.outbound.urls import MAX_URL

Rules = Mapping[str, Any]

# What must hold between fields, in JSON Schema: the classes name these as their RULES.
FILE_OR_URL: Rules = {"oneOf": [{"required": ["file"]}, {"required": ["url"]}]}
_TARGET: Rules = {"anyOf": [{"required": ["target_width"]}, {"required": ["target_height"]}]}
_PARAMETER_RULES: Rules = {
    # A factor, or a width or height in place of it.
    "if": _TARGET,
    "then": {"properties": {"factor": {"const": FIT}}},
    "else": {"required": ["factor"], "properties": {"factor": {"enum": list(FACTORS)}}},
    "not": {"required": ["model", "detail"]},
}
_KINDS = ", ".join(kind.label for kind in FORMATS)


def _whole(allowed: range, description: str) -> fields.Integer:
    """Describe a whole number of ``allowed``."""
    return fields.Integer(
        validate=validate.Range(allowed.start, allowed.stop - 1), metadata={"description": description}
    )


def web_address(description: str, *, required: bool = False) -> fields.String:
    """Describe an address on the web."""
    return fields.String(
        required=required,
        validate=validate.Length(max=MAX_URL),
        metadata={"format": "uri", "description": description},
    )


class ImageParameters(Schema):
    """What may be chosen of an upscaled image, in a form, in a query and as overrides."""

    factor = fields.String(
        validate=validate.OneOf((*FACTORS, FIT)),
        metadata={"example": "2x", "description": f"{FIT} where a width or height is wanted instead"},
    )
    preset = fields.String(
        validate=validate.OneOf(PRESETS), metadata={"description": "the operator's default when left out"}
    )
    denoise = fields.String(validate=validate.OneOf(DENOISE_LEVELS), metadata={"example": "low"})
    sharpen = fields.String(validate=validate.OneOf(SHARPEN_LEVELS))
    detail = _whole(DETAILS, "from the truest to the sharpest networks of the preset")
    model = fields.String(
        validate=validate.Regexp(f"^{MODEL_NAME.pattern}$"),
        metadata={"description": "a network by its name, in place of those of the preset; not with detail"},
    )
    output_format = fields.String(validate=validate.OneOf(OUTPUT_FORMATS))
    quality = _whole(QUALITIES, "of kinds of file that lose something")
    target_width = _whole(TARGET_SIDES, "in pixels, instead of a factor; proportions stay")
    target_height = _whole(TARGET_SIDES, "in pixels, instead of a factor; proportions stay")


class JobParameters(ImageParameters):
    """What may be chosen of a new job, in a form and in a body."""

    keep_metadata = fields.String(
        validate=validate.OneOf(("true", "false", "all")),
        metadata={"description": "true keeps what a camera wrote without the place, all keeps the place too"},
    )
    priority = fields.String(
        validate=validate.OneOf([priority.label for priority in Priority]),
        metadata={"description": "batch lets other people's single images go first"},
    )
    email = fields.String(metadata={"format": "email", "description": "gets one message when the job ends"})
    callback_url = web_address("is told when the job ends, by a signed webhook")


class UploadForm(JobParameters):
    """An image, in ``file`` or at ``url``, and what to do with it."""

    RULES = FILE_OR_URL

    file = fields.Raw(metadata={"type": "string", "format": "binary", "description": f"one of {_KINDS}"})
    url = web_address("address of the image in place of the file; the service fetches it")
    refine_faces = fields.String(validate=validate.OneOf(("true", "false")))
    match_colours = fields.String(validate=validate.OneOf(("true", "false")))


class AddressBody(JobParameters):
    """The address of an image, and what to do with it."""

    RULES = _PARAMETER_RULES

    url = web_address("address of the image, which the service fetches", required=True)
    refine_faces = fields.Boolean()
    match_colours = fields.Boolean()


_FILES = fields.Raw(metadata={"type": "string", "format": "binary"})


class BatchForm(JobParameters):
    """Images, or one ZIP file with images, and what to do with all of them."""

    file = fields.List(
        _FILES, metadata={"description": f"each one of {_KINDS}; or a single ZIP file of such files"}
    )
    files = fields.List(_FILES, metadata={"description": "the same as `file`"})
    refine_faces = fields.String(validate=validate.OneOf(("true", "false")))
    match_colours = fields.String(validate=validate.OneOf(("true", "false")))
    priority = fields.String(
        validate=validate.OneOf([priority.label for priority in Priority]),
        metadata={"description": "batch unless said otherwise: lets other people's single images go first"},
    )


class OverridesBody(ImageParameters):
    """Parameters to change in a new run; what is left out stays."""

    refine_faces = fields.Boolean()
    match_colours = fields.Boolean()
    keep_metadata = fields.String(validate=validate.OneOf(KEEP_METADATA))

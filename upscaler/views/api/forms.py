"""What may be sent as a form or as overrides, for the documentation. The views read these by themselves."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from upscaler.engine.formats import FORMATS, OUTPUT_FORMATS
from upscaler.engine.options import (
    DENOISE_LEVELS,
    DETAILS,
    FACTORS,
    FIT,
    KEEP_METADATA,
    PRESETS,
    QUALITIES,
    SHARPEN_LEVELS,
    TARGET_SIDES,
)
from upscaler.services.notify.targets import MAX_URL

_KINDS = ", ".join(kind.label for kind in FORMATS)


def _whole(allowed: range, description: str) -> fields.Integer:
    """Describe a whole number of ``allowed``."""
    return fields.Integer(
        validate=validate.Range(allowed.start, allowed.stop - 1), metadata={"description": description}
    )


class PictureParameters(Schema):
    """What may be chosen of an enlargement, in a form, in a query and as overrides."""

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
    output_format = fields.String(validate=validate.OneOf(OUTPUT_FORMATS))
    quality = _whole(QUALITIES, "of kinds of file that lose something")
    target_width = _whole(TARGET_SIDES, "in pixels, instead of a factor; proportions stay")
    target_height = _whole(TARGET_SIDES, "in pixels, instead of a factor; proportions stay")


class UploadForm(PictureParameters):
    """A picture and what to do with it."""

    file = fields.Raw(
        required=True, metadata={"type": "string", "format": "binary", "description": f"one of {_KINDS}"}
    )
    refine_faces = fields.String(validate=validate.OneOf(("true", "false")))
    keep_metadata = fields.String(
        validate=validate.OneOf(("true", "false", "all")),
        metadata={"description": "true keeps what a camera wrote without the place, all keeps the place too"},
    )
    email = fields.String(metadata={"format": "email", "description": "gets one message when the job ends"})
    callback_url = fields.String(
        validate=validate.Length(max=MAX_URL),
        metadata={"format": "uri", "description": "is told when the job ends, by a signed webhook"},
    )


class OverridesBody(PictureParameters):
    """Parameters to change in a new run; what is left out stays."""

    refine_faces = fields.Boolean()
    keep_metadata = fields.String(validate=validate.OneOf(KEEP_METADATA))

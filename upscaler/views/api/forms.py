"""What may be sent as a form or as overrides, for the documentation. The views read these by themselves."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from upscaler.engine.options import DENOISE_LEVELS, FACTORS, OUTPUT_FORMATS, PRESETS
from upscaler.services.notify.targets import MAX_URL


class UploadForm(Schema):
    """A picture and what to do with it."""

    file = fields.Raw(
        required=True,
        metadata={"type": "string", "format": "binary", "description": "JPEG, PNG, WebP or TIFF"},
    )
    factor = fields.String(required=True, validate=validate.OneOf(FACTORS), metadata={"example": "2x"})
    preset = fields.String(
        validate=validate.OneOf(PRESETS), metadata={"description": "the operator's default when left out"}
    )
    denoise = fields.String(validate=validate.OneOf(DENOISE_LEVELS))
    refine_faces = fields.String(validate=validate.OneOf(("true", "false")))
    email = fields.String(metadata={"format": "email", "description": "gets one message when the job ends"})
    callback_url = fields.String(
        validate=validate.Length(max=MAX_URL),
        metadata={"format": "uri", "description": "is told when the job ends, by a signed webhook"},
    )


class OverridesBody(Schema):
    """Parameters to change in a new run; what is left out stays."""

    factor = fields.String(validate=validate.OneOf(FACTORS))
    preset = fields.String(validate=validate.OneOf(PRESETS))
    denoise = fields.String(validate=validate.OneOf(DENOISE_LEVELS), metadata={"example": "low"})
    refine_faces = fields.Boolean()
    output_format = fields.String(validate=validate.OneOf(OUTPUT_FORMATS))

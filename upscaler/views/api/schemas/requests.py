"""Forms and bodies that the views read by themselves, for the documentation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from upscaler.engine.imaging.formats import FORMATS
from upscaler.engine.options import FACTORS, FIT, OPTIONS
from upscaler.models import Priority
from upscaler.services.outbound.urls import MAX_URL
from upscaler.views.api.schemas.options import option_fields

Rules = Mapping[str, Any]

# Rules between fields, in JSON Schema: the classes name these as their RULES.
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


def web_address(description: str, *, required: bool = False) -> fields.String:
    """Describe an address on the web."""
    return fields.String(
        required=required,
        validate=validate.Length(max=MAX_URL),
        metadata={"format": "uri", "description": description},
    )


def priority_field(default: Priority) -> fields.String:
    """Describe the priority of a job."""
    return fields.String(
        validate=validate.OneOf([priority.label for priority in Priority]),
        metadata={
            "description": "batch lets single images go first, of other people and one's own",
            "default": default.label,
        },
    )


class JobParameters(Schema):
    """The options of a new job, its priority, and the recipients of messages about it."""

    class Meta:
        """The options come from their table."""

        include = option_fields(OPTIONS.values())

    priority = priority_field(Priority.NORMAL)
    email = fields.String(metadata={"format": "email", "description": "gets one message when the job ends"})
    callback_url = web_address("gets a signed webhook when the job ends")


class UploadForm(JobParameters):
    """An image, in ``file`` or at ``url``, and the options of its job."""

    RULES = FILE_OR_URL

    file = fields.Raw(metadata={"type": "string", "format": "binary", "description": f"one of {_KINDS}"})
    url = web_address("address of the image in place of the file; the service fetches it")


class AddressBody(JobParameters):
    """The address of an image, and the options of its job."""

    RULES = _PARAMETER_RULES

    url = web_address("address of the image, which the service fetches", required=True)


_FILES = fields.Raw(metadata={"type": "string", "format": "binary"})


class BatchForm(JobParameters):
    """Images, or one ZIP file of images, and the options of all their jobs."""

    file = fields.List(
        _FILES, metadata={"description": f"each one of {_KINDS}; or a single ZIP file of such files"}
    )
    files = fields.List(_FILES, metadata={"description": "the same as `file`"})
    priority = priority_field(Priority.BATCH)


class OverridesBody(Schema):
    """Options to change in a new run; those that are left out stay, null stands for the default."""

    class Meta:
        """The options come from their table."""

        include = option_fields(OPTIONS.values(), nullable=True)

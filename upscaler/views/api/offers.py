"""What this service offers: networks, presets, and a quote for an image that nobody has sent yet."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from marshmallow import Schema, fields, validate
from sqlalchemy import select

from upscaler.engine.options import OPTIONS, UpscaleOptions
from upscaler.engine.presets import PRESET_TABLE
from upscaler.errors import FormatTooSmall, ResultTooLarge, TargetOutOfRange, TooManyPixels, UnknownModel
from upscaler.extensions import db
from upscaler.models import NetworkModel
from upscaler.services.accounts import api_keys
from upscaler.services.jobs import quotes
from upscaler.services.jobs.workers import count_online
from upscaler.services.models import model_table
from upscaler.views.api.authentication import current_caller
from upscaler.views.api.operations import Operation
from upscaler.views.api.schemas.options import option_fields
from upscaler.views.context import services


class NetworkAnswer(Schema):
    """A network."""

    name = fields.String(required=True)
    type = fields.String(required=True)
    scale = fields.Integer(required=True, metadata={"description": "output side in pixels per input side"})
    licence = fields.String(required=True)
    sha256 = fields.String(required=True)
    gpu_required = fields.Boolean(required=True)
    note = fields.String(required=True)


class NetworksAnswer(Schema):
    """Networks by name."""

    items = fields.List(fields.Nested(NetworkAnswer), required=True)


class ChoiceAnswer(Schema):
    """What serves one choice of parameters."""

    factor = fields.String(required=True)
    denoise = fields.String(required=True)
    model = fields.String(required=True)
    networks = fields.List(fields.String(), required=True)
    note = fields.String(required=True)


class PresetAnswer(Schema):
    """A preset."""

    name = fields.String(required=True)
    label = fields.String(required=True)
    description = fields.String(required=True)
    default = fields.Boolean(required=True, metadata={"description": "used where no preset is sent"})
    choices = fields.List(fields.Nested(ChoiceAnswer), required=True)


class PresetsAnswer(Schema):
    """Presets."""

    items = fields.List(fields.Nested(PresetAnswer), required=True)


class QuoteQuery(Schema):
    """The size of an image and the options that change its result's size, file or time."""

    class Meta:
        """The options come from their table."""

        include = option_fields(option for option in OPTIONS.values() if option.in_quote)

    width = fields.Integer(required=True, validate=validate.Range(1, 10**6), metadata={"example": 640})
    height = fields.Integer(required=True, validate=validate.Range(1, 10**6), metadata={"example": 480})


class QuoteAnswer(Schema):
    """What to expect."""

    model = fields.String(required=True)
    output_width = fields.Integer(required=True)
    output_height = fields.Integer(required=True)
    output_pixels = fields.Integer(required=True)
    estimated_bytes = fields.Integer(required=True, metadata={"description": "size of the result's file"})
    own_seconds = fields.Integer(required=True, metadata={"description": "work on this image"})
    waiting_seconds = fields.Integer(required=True, metadata={"description": "until work on it begins"})
    estimated_seconds = fields.Integer(required=True, metadata={"description": "both together"})
    queue_position = fields.Integer(required=True)


def list_models() -> ResponseReturnValue:
    """List the networks."""
    rows = db.session.scalars(select(NetworkModel).order_by(NetworkModel.name))
    usable = [row for row in rows if row.default_params.get("active", True)]
    names = NetworkAnswer().fields
    return jsonify({"items": [{name: getattr(row, name) for name in names} for row in usable]})


def list_presets() -> ResponseReturnValue:
    """List the presets, and which networks serve each choice."""
    default = services().settings.values(db.session()).default_preset
    offered: dict[str, list[dict[str, Any]]] = {name: [] for name in PRESET_TABLE}
    for choice in model_table.choices(db.session()):
        offered[choice.preset].append(
            {
                "factor": choice.factor,
                "denoise": choice.denoise,
                "model": choice.recipe.name,
                "networks": [network.name for network in choice.recipe.models],
                "note": choice.recipe.note,
            }
        )
    items = [
        {
            "name": preset.name,
            "label": gettext(preset.label),
            "description": gettext(preset.description),
            "default": preset.name == default,
            "choices": offered[preset.name],
        }
        for preset in PRESET_TABLE.values()
    ]
    return jsonify({"items": items})


def quote(query: dict[str, Any]) -> ResponseReturnValue:
    """Tell what an upscaled image would be like, without an image."""
    limits = services().settings.values(db.session())
    size = (query["width"], query["height"])
    choices = {name: value for name, value in query.items() if name not in ("width", "height")}
    options = UpscaleOptions.from_mapping({"preset": limits.default_preset, **choices})
    submitter = services().submitter(current_caller().name)
    found = quotes.quote(db.session(), size, options, limits, count_online(db.session()), submitter)
    more = {
        "output_pixels": found.output_width * found.output_height,
        "estimated_seconds": found.own_seconds + found.waiting_seconds,
    }
    return jsonify({**vars(found), **more}), {"Cache-Control": "no-store"}


OPERATIONS = (
    Operation(
        "list_models", "GET", "/models", list_models, "Service", scope=api_keys.READ, answer=NetworksAnswer()
    ),
    Operation(
        "list_presets",
        "GET",
        "/presets",
        list_presets,
        "Service",
        scope=api_keys.READ,
        answer=PresetsAnswer(),
    ),
    Operation(
        "quote",
        "GET",
        "/quote",
        quote,
        "Service",
        scope=api_keys.READ,
        query=QuoteQuery(),
        answer=QuoteAnswer(),
        errors=(TooManyPixels, ResultTooLarge, FormatTooSmall, TargetOutOfRange, UnknownModel),
    ),
)

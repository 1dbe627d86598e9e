"""The presets of the service."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from upscaler.engine.presets import PRESET_TABLE
from upscaler.extensions import db
from upscaler.services.accounts import api_keys
from upscaler.services.models import model_table
from upscaler.views.api.operations import Operation
from upscaler.views.api.schemas.presets import PresetListSchema
from upscaler.views.context import services


def list_presets() -> ResponseReturnValue:
    """List the presets, and which models serve each choice."""
    default = services().settings.values(db.session()).default_preset
    offered: dict[str, list[dict[str, Any]]] = {name: [] for name in PRESET_TABLE}
    for choice in model_table.choices(db.session()):
        offered[choice.preset].append(
            {
                "factor": choice.factor,
                "denoise": choice.denoise,
                "source": choice.source,
                "model": choice.recipe.name,
                "models": [model.name for model in choice.recipe.models],
                "note": choice.recipe.note,
            }
        )
    items = [
        {
            "name": preset.name,
            "label": gettext(preset.label),
            "description": gettext(preset.description),
            "is_default": preset.name == default,
            "choices": offered[preset.name],
        }
        for preset in PRESET_TABLE.values()
    ]
    return jsonify({"items": items})


OPERATIONS = (
    Operation(
        "list_presets",
        "GET",
        "/presets",
        list_presets,
        "Service",
        scope=api_keys.READ,
        answer=PresetListSchema(),
    ),
)

"""The presets, and the models that serve them."""

from __future__ import annotations

from sqlalchemy.orm import Session

from tests.unit.views.api.conftest import Program
from upscaler.engine.presets import PRESET_TABLE
from upscaler.services.models.model_table import sync_catalogue


def test_models_and_presets_are_listed(visitor: Program, session: Session) -> None:
    sync_catalogue(session)

    models = {model["name"] for model in visitor.get("/models").get_json()["items"]}
    presets = visitor.get("/presets").get_json()["items"]

    assert [preset["name"] for preset in presets if preset["is_default"]] == ["standard"]
    assert [(preset["label"], preset["description"]) for preset in presets] == [
        (preset.label, preset.description) for preset in PRESET_TABLE.values()
    ]
    used = {name for preset in presets for choice in preset["choices"] for name in choice["models"]}
    assert used <= models

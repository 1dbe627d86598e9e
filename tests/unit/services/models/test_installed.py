"""The models that a worker reports."""

from __future__ import annotations

from pathlib import Path

from tests.support.face_models import add_face_model
from upscaler.engine.model_zoo.model_folder import ModelFolder
from upscaler.services.models.installed import installed_models


def test_it_lists_the_bundled_models_and_those_that_were_added(tmp_path: Path) -> None:
    bundled = installed_models(tmp_path / "models")
    assert {"waifu2x-upconv7-photo", "realesrgan-x4plus"} <= set(bundled)

    add_face_model(ModelFolder(tmp_path / "models"), "mine", side=256)

    assert set(installed_models(tmp_path / "models")) - set(bundled) == {"mine"}

"""The models that are installed on this host."""

from __future__ import annotations

from pathlib import Path

from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.model_zoo.model_folder import ModelFolder
from upscaler.engine.model_zoo.weights import is_installed


def installed_models(models_dir: Path) -> list[str]:
    """Return the names of the catalogue's models that lie on this host, and of those in ``models_dir``."""
    bundled = [model.name for model in MODELS.values() if is_installed(model)]
    return sorted({*bundled, *ModelFolder(models_dir).names()})

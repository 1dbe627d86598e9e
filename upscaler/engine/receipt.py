"""The fidelity receipt: what came in, what was done, what was kept and what was changed, as plain JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from upscaler.engine.imaging.image import DecodedImage
from upscaler.engine.model_zoo.catalogue import Model
from upscaler.engine.model_zoo.recipes import Recipe
from upscaler.engine.options import UpscaleOptions

RECEIPT_VERSION = 1


def build_receipt(
    image: DecodedImage,
    options: UpscaleOptions,
    recipe: Recipe,
    *,
    backend: Mapping[str, Any],
    check: Mapping[str, float],
    output: Mapping[str, Any],
    seconds: Mapping[str, float],
    extra: Mapping[str, Any],
) -> dict[str, Any]:
    """Put the account of one upscaled image together.

    Args:
        image: the decoded input with its notes.
        options: what was asked for.
        recipe: what ran.
        backend: ``Upscaler.describe()``.
        check: figures of the output check.
        output: facts about the result's file.
        seconds: time of each step.
        extra: further entries, JSON-ready.

    """
    return {
        "version": RECEIPT_VERSION,
        "input": dict(image.source),
        "options": options.as_dict(),
        "recipe": recipe.name,
        "models": [describe_model(model) for model in recipe.models],
        "backend": dict(backend),
        "output": dict(output),
        "check": dict(check),
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
        "kept": list(image.kept),
        "changed": list(image.changed),
        **extra,
    }


def describe_model(model: Model) -> dict[str, Any]:
    """Name a model and the hashes that identify its weights."""
    return {
        "name": model.name,
        "type": model.type,
        "scale": model.scale,
        "licence": model.licence,
        "param_sha256": model.param_sha256,
        "bin_sha256": model.bin_sha256,
    }

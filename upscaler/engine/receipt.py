"""The fidelity receipt: the input, what was done with it, what was kept and what was changed, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from upscaler.engine.imaging.image import DecodedImage
from upscaler.engine.model_zoo.catalogue import Model
from upscaler.engine.model_zoo.recipes import Recipe
from upscaler.engine.notes import Category, in_category
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
    """Return the receipt of one upscaled image.

    Args:
        image: the decoded input, with all notes.
        options: the options of the job.
        recipe: the models that ran.
        backend: ``Upscaler.describe()``.
        check: figures of the output check.
        output: facts from the header of the result's file.
        seconds: time of each step.
        extra: further entries, JSON-ready.

    """
    return {
        "version": RECEIPT_VERSION,
        "input": dict(image.source),
        "options": options.as_dict(),
        "model": recipe.name,
        "models": [describe_model(model) for model in recipe.models],
        "backend": dict(backend),
        "output": dict(output),
        "check": dict(check),
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
        "kept": in_category(image.notes, Category.KEPT),
        "changed": in_category(image.notes, Category.CHANGED),
        **extra,
    }


def describe_model(model: Model) -> dict[str, Any]:
    """Return a model's name and the hashes that identify its weights."""
    return {
        "name": model.name,
        "type": model.type,
        "scale": model.scale,
        "licence": model.licence,
        "param_sha256": model.param_sha256,
        "bin_sha256": model.bin_sha256,
    }

"""The fidelity receipt: the input, what was done with it, what was kept and what was changed, as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from upscaler.engine.imaging.image import DecodedImage
from upscaler.engine.model_zoo.catalogue import Model
from upscaler.engine.notes import Category, in_category
from upscaler.engine.options import UpscaleOptions

RECEIPT_VERSION = 1


class WhatRan(NamedTuple):
    """The name of what made a result, the models that did, and the backend, as JSON-ready values."""

    name: str
    models: Sequence[Model]
    backend: Mapping[str, Any]


def build_receipt(
    image: DecodedImage,
    options: UpscaleOptions,
    *,
    ran: WhatRan,
    check: Mapping[str, float],
    output: Mapping[str, Any],
    seconds: Mapping[str, float],
    extra: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the receipt of one upscaled image.

    Args:
        image: the decoded input, with all notes.
        options: the options of the job.
        ran: what made the result.
        check: figures of the output check.
        output: facts from the header of the result's file.
        seconds: time of each step.
        extra: further entries, JSON-ready.

    """
    return {
        "version": RECEIPT_VERSION,
        "input": dict(image.source),
        "options": options.as_dict(),
        "model": ran.name,
        "models": [describe_model(model) for model in ran.models],
        "backend": dict(ran.backend),
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

"""The check of a custom model in MNN against a backend that is known to read its kind."""

from __future__ import annotations

import math

import numpy as np

from upscaler.engine.backends.adapted import AdaptedModel, Runner
from upscaler.engine.backends.base import Backend, Window
from upscaler.engine.backends.ncnn import NcnnCpuBackend
from upscaler.engine.backends.openvino import OpenVinoBackend
from upscaler.engine.backends.self_test import known_image
from upscaler.engine.model_zoo.custom_model import NCNN, CustomModel
from upscaler.engine.model_zoo.ncnn_graph import GraphError
from upscaler.engine.settings import EngineSettings

# Both compute in float32, but add in another order: 0.27 levels at most for the models of the catalogue.
_TOLERATED_LEVELS = 1.0


def check_agreement(model: CustomModel, run: Runner, settings: EngineSettings) -> None:
    """Compare the results of one image of detail, and of the same turned, which has another shape.

    Raises:
        GraphError: they differ, or there is no other backend to compare with.

    """
    judge: Backend = NcnnCpuBackend(settings) if model.kind == NCNN else OpenVinoBackend(settings, "fp32")
    lack = judge.probe()
    if lack:
        raise GraphError(f"there is nothing to compare MNN with: {lack}")
    known, ours = judge.load(model), AdaptedModel(model, run)
    window = _window(model)
    for image in (window, np.ascontiguousarray(window.transpose(1, 0, 2))):
        expected, result = known.run(image), ours.run(image)
        if result.shape != expected.shape or not np.abs(result - expected).max() < _TOLERATED_LEVELS:
            raise GraphError(f"MNN computes something else than {judge.name}")


def _window(model: CustomModel) -> Window:
    """Return a window of detail: as large as the model demands, and oblong where it permits that."""
    if model.maximum_side:
        height = width = model.maximum_side
    else:
        height = math.ceil(max(model.minimum_side, len(known_image())) / model.multiple) * model.multiple
        width = height + model.multiple
    image = known_image()
    return np.ascontiguousarray(
        np.pad(
            image,
            ((0, max(height - len(image), 0)), (0, max(width - len(image), 0)), (0, 0)),
            mode="symmetric",
        )[:height, :width]
    )

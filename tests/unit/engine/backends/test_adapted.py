from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from upscaler.engine.backends.adapted import AdaptedModel
from upscaler.engine.model_zoo.custom_model import LEVELS, ONNX, UNIT, CustomModel, Findings, Manifest
from upscaler.errors import OutputRejected

WINDOW = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3)


def model_of(channels: int, input_range: str = LEVELS) -> CustomModel:
    findings = Findings(1, channels, "x", "y", input_range)
    return Manifest("mine", ONNX, {"model.onnx": ""}, "", findings).model(Path("absent"))


@pytest.mark.parametrize(("channels", "runs"), [(3, 1), (1, 3)])
def test_a_model_of_one_channel_runs_once_for_each_colour(channels: int, runs: int) -> None:
    shapes: list[tuple[int, ...]] = []

    def same(planes: NDArray[np.float32]) -> NDArray[np.float32]:
        assert planes.flags.c_contiguous
        shapes.append(planes.shape)
        return planes

    result = AdaptedModel(model_of(channels), same).run(WINDOW)

    assert shapes == [(1, channels, 2, 4)] * runs
    np.testing.assert_array_equal(result, WINDOW)


def test_levels_become_fractions_for_a_model_that_takes_them() -> None:
    result = AdaptedModel(model_of(3, UNIT), lambda planes: planes).run(WINDOW)

    np.testing.assert_allclose(result, WINDOW / 255, rtol=1e-6)


def test_a_result_of_other_axes_is_rejected() -> None:
    with pytest.raises(OutputRejected) as caught:
        AdaptedModel(model_of(3), lambda planes: planes[0]).run(WINDOW)

    assert caught.value.values["reason"] == "mine gave a result of 3 axes"

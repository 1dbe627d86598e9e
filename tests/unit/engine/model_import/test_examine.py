from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from tests.support.small_models import kernel, write_ncnn, write_onnx
from upscaler.engine.model_import.examine import examine
from upscaler.engine.model_zoo.custom_model import LEVELS, NCNN, ONNX, UNIT
from upscaler.engine.settings import EngineSettings
from upscaler.errors import ModelRefused

SETTINGS = EngineSettings(threads=1)
NOT_A_NUMBER = kernel(2) * np.float32("nan")


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_it_finds_scale_and_overlap_of_an_onnx_model(tmp_path: Path, scale: int) -> None:
    write_onnx(tmp_path / "model.onnx", scale)

    found = examine(tmp_path, ONNX, SETTINGS)

    assert (found.scale, found.channels, found.border, found.multiple) == (scale, 3, 0, 1)
    assert (found.input, found.output) == ("x", "y")
    assert (found.input_range, found.output_range) == (UNIT, UNIT)
    assert found.maximum_side == 0
    assert found.overlap == 8
    assert found.seam < 0.25


def test_a_wide_kernel_needs_a_wide_overlap(tmp_path: Path) -> None:
    weights = np.zeros((12, 3, 31, 31), np.float32)
    for output in range(12):
        weights[output, output // 4, :, 15] = 0.2 / 30
        weights[output, output // 4, 15, 15] = 0.8
    write_onnx(tmp_path / "model.onnx", weights=weights)

    assert 12 <= examine(tmp_path, ONNX, SETTINGS).overlap <= 15


def test_a_fixed_size_is_the_size_of_the_tiles(tmp_path: Path) -> None:
    write_onnx(tmp_path / "model.onnx", shape=(1, 3, 64, 64))

    found = examine(tmp_path, ONNX, SETTINGS)

    assert (found.minimum_side, found.maximum_side, found.multiple) == (64, 64, 64)


def test_it_finds_one_channel_half_floats_and_levels(tmp_path: Path) -> None:
    write_onnx(tmp_path / "model.onnx", shape=("n", 1, "h", "w"), kind=TensorProto.FLOAT16, bias=2)

    found = examine(tmp_path, ONNX, SETTINGS)

    assert (found.channels, found.input_range, found.output_range) == (1, LEVELS, LEVELS)


def test_what_a_model_loses_at_its_border_is_found(tmp_path: Path) -> None:
    path = write_onnx(tmp_path / "model.onnx", weights=kernel(2, side=5))
    model = onnx.load(str(path))
    model.graph.node[0].attribute[0].ints[:] = [0, 0, 0, 0]
    onnx.save(model, str(path))

    assert examine(tmp_path, ONNX, SETTINGS).border == 2


@pytest.mark.parametrize(
    ("middle", "engine"), [("", "openvino"), ("Clip clip 1 1 c d 0=0.0 1=1.0", "ncnn")], ids=["known", "not"]
)
def test_ncnn_runs_what_our_reader_does_not_know(tmp_path: Path, middle: str, engine: str) -> None:
    write_ncnn(tmp_path, 3, middle=middle, stem="model")

    found = examine(tmp_path, NCNN, SETTINGS)

    assert (found.engine, found.scale, found.input, found.output) == (engine, 3, "in", "out")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"inputs": 2}, "2 inputs and 1 outputs"),
        ({"scale": 9}, "whole number from 1 to 8"),
        ({"weights": NOT_A_NUMBER}, "not finite"),
        ({"weights": kernel(2) * 0, "bias": 0.5}, "the same colour"),
        ({"weights": -kernel(2), "bias": 1.0}, "not the image"),
        ({"weights": np.roll(kernel(2), 4, axis=0)}, "not the image"),
    ],
    ids=lambda value: "" if isinstance(value, dict) else value,
)
def test_it_refuses_what_is_no_upscale(tmp_path: Path, wrong: dict[str, Any], reason: str) -> None:
    write_onnx(tmp_path / "model.onnx", **wrong)

    with pytest.raises(ModelRefused, match=reason):
        examine(tmp_path, ONNX, SETTINGS)


def test_it_refuses_layers_that_nobody_knows(tmp_path: Path) -> None:
    write_ncnn(tmp_path, middle="Nonsense layer 1 1 c d", stem="model")

    with pytest.raises(ModelRefused, match="Nonsense"):
        examine(tmp_path, NCNN, SETTINGS)


def test_it_refuses_weights_that_end_early(tmp_path: Path) -> None:
    _, weights = write_ncnn(tmp_path, stem="model")
    weights.write_bytes(weights.read_bytes()[:-40])

    with pytest.raises(ModelRefused, match="the weights end too early"):
        examine(tmp_path, NCNN, SETTINGS)

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from onnx import TensorProto

from tests.support.face_models import write_face_model
from tests.support.small_models import write_ncnn, write_onnx
from upscaler.engine.model_import.metadata import ModelMetadata, read_metadata
from upscaler.engine.model_zoo.custom_model import NCNN, ONNX
from upscaler.errors import ModelRefused


@pytest.mark.parametrize(
    ("shape", "channels", "fixed_side", "result_side"),
    [
        (("n", 3, "h", "w"), 3, 0, 0),
        (("n", 1, "h", "w"), 1, 0, 0),
        ((1, 3, 64, 64), 3, 64, 128),
        ((1, 3, 1024, 1024), 3, 1024, 2048),
    ],
    ids=str,
)
def test_it_reads_blobs_channels_and_sizes_of_an_onnx_model(
    tmp_path: Path, shape: tuple[str | int, ...], channels: int, fixed_side: int, result_side: int
) -> None:
    write_onnx(tmp_path / "model.onnx", shape=shape)

    expected = ModelMetadata("x", "y", channels, fixed_side, result_side)
    assert read_metadata(tmp_path, ONNX) == expected
    assert not expected.restores_faces


@pytest.mark.parametrize(("side", "restores"), [(256, True), (512, True), (128, False)])
def test_a_face_model_is_known_by_its_side(tmp_path: Path, side: int, restores: bool) -> None:
    write_face_model(tmp_path / "model.onnx", side=side)

    assert read_metadata(tmp_path, ONNX).restores_faces is restores


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"inputs": 2}, "2 inputs and 1 outputs"),
        ({"shape": (1, 3, 48, 64)}, "48 x 64 pixels only"),
        ({"shape": (1, 3, "h", 64)}, r"\? x 64 pixels only"),
        ({"shape": (1, 3, 16, 16)}, "16 x 16 pixels only"),
        ({"shape": (1, 3, 63, 63)}, "63 x 63 pixels only"),
        ({"shape": (1, 3, 1025, 1025)}, "1025 x 1025 pixels only"),
        ({"shape": ("n", 4, "h", "w")}, "takes 4 channels"),
        ({"shape": (2, 3, "h", "w")}, "batch size is 2"),
    ],
    ids=lambda value: "" if isinstance(value, dict) else value,
)
def test_it_refuses_anything_but_one_image_in_and_one_out(
    tmp_path: Path, wrong: dict[str, Any], reason: str
) -> None:
    write_onnx(tmp_path / "model.onnx", **wrong)

    with pytest.raises(ModelRefused, match=reason):
        read_metadata(tmp_path, ONNX)


def test_half_floats_are_fractions(tmp_path: Path) -> None:
    write_onnx(tmp_path / "model.onnx", kind=TensorProto.FLOAT16)

    assert read_metadata(tmp_path, ONNX).channels == 3


def test_it_reads_the_blobs_of_a_pair(tmp_path: Path) -> None:
    write_ncnn(tmp_path, stem="model")

    assert read_metadata(tmp_path, NCNN) == ModelMetadata("in", "out", 3)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("Input in 0 1 in", "Input in 0 1 in 0=64 1=64 2=4", "takes 4 channels"),
        ("6=324", "6=216", "takes 2 channels"),
        ("1=3 4=1", "1=0 4=1", "a kernel without a size"),
    ],
)
def test_it_refuses_a_pair_by_its_first_convolution(tmp_path: Path, old: str, new: str, reason: str) -> None:
    param, _ = write_ncnn(tmp_path, stem="model")
    text = param.read_text()
    assert old in text
    param.write_text(text.replace(old, new))

    with pytest.raises(ModelRefused, match=reason):
        read_metadata(tmp_path, NCNN)


@pytest.mark.parametrize("text", ["", "7767517\n1 1\n", "\xff\xfe", "7767517\n2 2\nInput in 0 9\n"])
def test_it_refuses_a_damaged_param_file(tmp_path: Path, text: str) -> None:
    write_ncnn(tmp_path, stem="model")
    (tmp_path / "model.param").write_text(text)

    with pytest.raises(ModelRefused, match="file cannot be used"):
        read_metadata(tmp_path, NCNN)

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from onnx import helper, numpy_helper

from tests.support.small_models import kernel, write_onnx
from upscaler.engine.model_import.onnx_file import check_onnx_file
from upscaler.errors import ModelRefused


def test_a_model_in_one_file_is_fine(tmp_path: Path) -> None:
    check_onnx_file(write_onnx(tmp_path / "model.onnx"))


def test_weights_in_another_file_are_refused(tmp_path: Path) -> None:
    path = write_onnx(tmp_path / "model.onnx")
    onnx.save(
        onnx.load(str(path)), str(path), save_as_external_data=True, location="weights.data", size_threshold=0
    )

    with pytest.raises(ModelRefused, match="are in separate files"):
        check_onnx_file(path)


def test_they_are_found_wherever_they_hide(tmp_path: Path) -> None:
    tensor = numpy_helper.from_array(kernel(2), "hidden")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    inner = helper.make_graph([], "inner", [], [], [tensor])
    node = helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=inner)
    model = helper.make_model(helper.make_graph([node], "outer", [], []))
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())

    with pytest.raises(ModelRefused, match="are in separate files"):
        check_onnx_file(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00", b"no model at all", bytes(range(256)) * 20, b"\x3a\xff\xff\xff\xff\xff", b"\x08\x07"],
    ids=["empty", "zero", "words", "bytes", "too long", "no graph"],
)
def test_anything_else_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)

    with pytest.raises(ModelRefused, match="not an ONNX file"):
        check_onnx_file(path)


def test_half_a_model_is_refused(tmp_path: Path) -> None:
    path = write_onnx(tmp_path / "model.onnx")
    path.write_bytes(path.read_bytes()[:-50])

    with pytest.raises(ModelRefused, match="incomplete"):
        check_onnx_file(path)

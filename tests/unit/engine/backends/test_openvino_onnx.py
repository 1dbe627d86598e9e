from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto

from tests.support.small_models import write_onnx
from upscaler.engine.backends.openvino_library import ov
from upscaler.engine.backends.openvino_onnx import read_onnx

PLANES = np.full((1, 3, 6, 8), 0.25, np.float32)


@pytest.mark.parametrize(("kind", "tolerance"), [(TensorProto.FLOAT, 1e-6), (TensorProto.FLOAT16, 1e-3)])
@pytest.mark.parametrize("factor", [1, 255])
def test_a_model_takes_and_gives_float32_whatever_it_computes_in(
    tmp_path: Path, kind: int, tolerance: float, factor: int
) -> None:
    core = ov.Core()

    model = read_onnx(core, write_onnx(tmp_path / "a.onnx", kind=kind, bias=0.5), factor, "mine")

    assert {model.input().element_type, model.output().element_type} == {ov.Type.f32}
    result = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})([PLANES])[0]
    assert (result.shape, result.dtype) == ((1, 3, 12, 16), np.float32)
    np.testing.assert_allclose(result[..., 2:-2, 2:-2], 0.75 * factor, rtol=tolerance)


def test_a_model_of_two_inputs_is_refused(tmp_path: Path) -> None:
    path = write_onnx(tmp_path / "a.onnx", inputs=2)

    with pytest.raises(RuntimeError):
        read_onnx(ov.Core(), path, 1, "mine")


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(b"no model")

    with pytest.raises(RuntimeError):
        read_onnx(ov.Core(), tmp_path / "a.onnx", 1, "mine")

"""Read an ONNX model with OpenVINO's own reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np


def read_onnx(core: Any, path: Path, factor: int, name: str) -> Any:
    """Return an ``openvino.Model`` with one float32 input and one float32 output.

    ``factor`` turns the model's output into levels: 255 where that is 0..1. It is multiplied here and not by the
    caller: where the rest computes in bfloat16 the result is still float32 at this point, or is rounded only once.

    Raises:
        RuntimeError: the file cannot be read, or has more than one input or output.

    """
    # Heavy, and only needed where a model is loaded.
    from upscaler.engine.backends.openvino_library import PrePostProcessor, ops, ov  # noqa: PLC0415

    converted = PrePostProcessor(core.read_model(str(path)))
    converted.input().tensor().set_element_type(ov.Type.f32)
    converted.output().tensor().set_element_type(ov.Type.f32)
    model = converted.build()
    result = model.output(0).get_node().input_value(0)
    return ov.Model([ops.result(ops.multiply(result, np.float32(factor)))], model.get_parameters(), name)

"""What is written by hand is read with the package ``onnx``."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from upscaler.engine.backends import onnx_bytes


@pytest.mark.parametrize(
    "values",
    [
        np.arange(-12, 12, dtype=np.float32).reshape(2, 3, 4),
        np.array([-1, 0, 2**40], np.int64),
        np.array(7, np.int64),
        np.zeros((0, 3), np.float32),
        np.arange(12, dtype=np.float32).reshape(3, 4).T,
    ],
)
def test_a_tensor_keeps_its_shape_type_and_values(values: np.ndarray) -> None:
    read = onnx.TensorProto.FromString(onnx_bytes.tensor("w", values))

    assert read.name == "w"
    back = numpy_helper.to_array(read)
    assert back.dtype == values.dtype
    np.testing.assert_array_equal(back, values)


def test_a_node_keeps_inputs_that_are_left_out_and_attributes_of_every_type() -> None:
    attributes: dict[str, onnx_bytes.Attribute] = {
        "whole": 300, "real": -0.75, "text": "half_pixel", "several": [1, 0, 128], "none": 0,
    }  # fmt: skip

    read = onnx.NodeProto.FromString(onnx_bytes.node("Resize", ["x", "", "s"], "y", attributes))

    assert (read.op_type, list(read.input), list(read.output)) == ("Resize", ["x", "", "s"], ["y"])
    found = {one.name: helper.get_attribute_value(one) for one in read.attribute}
    assert found == {"whole": 300, "real": -0.75, "text": b"half_pixel", "several": [1, 0, 128], "none": 0}


def test_a_model_takes_images_of_any_size() -> None:
    content = onnx_bytes.model(
        [onnx_bytes.node("Add", ["x", "w"], "y", {})],
        [onnx_bytes.tensor("w", np.ones((1, 3, 1, 1), np.float32))],
        onnx_bytes.image("x", 3),
        onnx_bytes.image("y", None),
    )

    read = onnx.load_from_string(content)
    onnx.checker.check_model(read, full_check=True)
    entry, result = (ends[0].type.tensor_type.shape.dim for ends in (read.graph.input, read.graph.output))
    assert [side.dim_value or side.dim_param for side in entry] == [1, 3, "height", "width"]
    assert [side.dim_value or side.dim_param for side in result] == [1, "channels", "height", "width"]

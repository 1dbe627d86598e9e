"""Write the layers of an ncnn network as an ONNX file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from upscaler.engine.backends import onnx_bytes
from upscaler.engine.backends.layer_graph import Part, connect

INPUT = "window"


def as_onnx(part: Part, *, factor: int = 1) -> bytes:
    """Return layers as a file in ONNX, from float32 (1, channels, height, width) to the same, of any size.

    ``factor`` multiplies the output: 255 turns 0..1 into levels.

    Raises:
        GraphError: a layer is of another kind than those of ``layer_graph``, or has parameters that are not heeded.

    """
    writer = _Writer()
    output = connect(writer, part.layers, part.input, INPUT)[part.output]
    if factor != 1:
        output = writer.multiply(output, np.float32(factor))
    return onnx_bytes.model(
        writer.nodes, writer.tensors, onnx_bytes.image(INPUT, part.channels), onnx_bytes.image(output, None)
    )


class _Writer:
    """Takes the calls that OpenVINO's operations take, and writes nodes of ONNX. A node is its output's name."""

    def __init__(self) -> None:
        self.nodes: list[bytes] = []
        self.tensors: list[bytes] = []

    def relu(self, node: str) -> str:
        return self._node("Relu", node)

    def sigmoid(self, node: str) -> str:
        return self._node("Sigmoid", node)

    def prelu(self, node: str, slope: NDArray[np.float32]) -> str:
        return self._node("PRelu", node, slope.reshape(-1, 1, 1))

    def add(self, first: Any, second: Any) -> str:
        return self._node("Add", first, second)

    def subtract(self, first: Any, second: Any) -> str:
        return self._node("Sub", first, second)

    def multiply(self, first: Any, second: Any) -> str:
        return self._node("Mul", first, second)

    def concat(self, nodes: Sequence[str], axis: int) -> str:
        return self._node("Concat", *nodes, axis=axis)

    def convolution(
        self,
        node: str,
        weight: NDArray[np.float32],
        strides: list[int],
        begins: list[int],
        ends: list[int],
        dilations: list[int],
    ) -> str:
        return self._node("Conv", node, weight, strides=strides, pads=begins + ends, dilations=dilations)

    def convolution_backprop_data(
        self,
        node: str,
        weight: NDArray[np.float32],
        strides: list[int],
        *,
        pads_begin: list[int],
        pads_end: list[int],
        dilations: list[int],
    ) -> str:
        return self._node(
            "ConvTranspose", node, weight, strides=strides, pads=pads_begin + pads_end, dilations=dilations
        )

    def interpolate(
        self,
        node: str,
        factors: NDArray[np.float32],
        *,
        mode: str,
        coordinate_transformation_mode: str,
        nearest_mode: str = "round_prefer_floor",
        cube_coeff: float = -0.75,
        **_: Any,
    ) -> str:
        scales = np.array([1, 1, *factors], np.float32)
        return self._node(
            "Resize",
            node,
            "",
            scales,
            mode=mode,
            coordinate_transformation_mode=coordinate_transformation_mode,
            nearest_mode=nearest_mode,
            cubic_coeff_a=cube_coeff,
        )

    def depth_to_space(self, node: str, _mode: str, block: int) -> str:
        return self._node("DepthToSpace", node, blocksize=block, mode="CRD")

    def reduce_mean(self, node: str, axes: NDArray[np.int64], *, keep_dims: bool) -> str:
        return self._node("ReduceMean", node, axes, keepdims=int(keep_dims))

    def shape_of(self, node: str) -> str:
        return self._node("Shape", node)

    def gather(self, node: str, indices: NDArray[np.int64], axis: np.int64) -> str:
        return self._node("Gather", node, indices, axis=int(axis))

    def slice(self, node: str, start: Any, stop: Any, step: Any, axes: Any) -> str:
        return self._node("Slice", node, start, stop, axes, step)

    def _node(self, kind: str, *inputs: Any, **attributes: onnx_bytes.Attribute) -> str:
        names = [value if isinstance(value, str) else self._tensor(value) for value in inputs]
        output = f"node{len(self.nodes)}"
        self.nodes.append(onnx_bytes.node(kind, names, output, attributes))
        return output

    def _tensor(self, value: Any) -> str:
        name = f"weight{len(self.tensors)}"
        self.tensors.append(onnx_bytes.tensor(name, np.asarray(value)))
        return name

"""Build a graph from the layers of an ncnn network, in whatever form a library reads.

Each function below turns one kind of layer into operations and states which parameters of the layer it heeds; a layer
with any other parameter raises ``GraphError`` instead of being computed wrongly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from upscaler.engine.model_zoo.ncnn_graph import Graph, GraphError, Layer

_SPATIAL_AXES = [2, 3]  # height and width of (batch, channels, height, width)
_NO_LIMIT = -233

Node = Any  # of whichever library makes them


@dataclass(frozen=True)
class Part:
    """Layers in the order they run, the blobs that they take and give, and the channels of the first."""

    layers: Sequence[Layer]
    input: str
    output: str
    channels: int


def cut(graph: Graph, kind: str, *, channels: int = 3) -> tuple[Part, Part]:
    """Return the layers before the first one of a kind, and the others; the second part takes the output of the first.

    Raises:
        GraphError: there is no such layer, or more than its input passes from one part to the other.

    """
    first = next((number for number, layer in enumerate(graph.layers) if layer.kind == kind), None)
    if first is None:
        raise GraphError(f"there is no layer of kind {kind}")
    body, tail = graph.layers[:first], graph.layers[first:]
    [blob] = tail[0].inputs
    made = {output for layer in tail for output in layer.outputs} | {blob}
    if any(used not in made for layer in tail for used in layer.inputs):
        raise GraphError(f"it cannot be cut at its first layer of kind {kind}")
    width = next(layer.integer(0) for layer in reversed(body) if layer.kind == "Convolution")
    return Part(body, graph.input, blob, channels), Part(tail, blob, graph.output, width)


def connect(ops: Any, layers: Sequence[Layer], entry: str, window: Node) -> dict[str, Node]:
    """Return all blobs of layers whose input, the blob ``entry``, is ``window``; ``ops`` makes nodes, as OpenVINO does.

    Raises:
        GraphError: a layer is of another kind than those of ``ncnn_graph``, or has parameters that are not heeded.

    """
    blobs: dict[str, Node] = {entry: window}
    for layer in layers:
        if layer.kind == "Input":
            blobs[layer.outputs[0]] = window
        elif layer.kind == "Split":
            # One blob under several names: nothing to compute.
            blobs.update(dict.fromkeys(layer.outputs, blobs[layer.inputs[0]]))
        else:
            if layer.kind not in _BUILDERS:
                raise GraphError(f"layers of kind {layer.kind} are not supported")
            inputs = [blobs[blob] for blob in layer.inputs]
            blobs[layer.outputs[0]] = _BUILDERS[layer.kind](ops, layer, inputs)
    return blobs


def _activated(ops: Any, layer: Layer, node: Node) -> Node:
    """Apply the activation that ncnn fused into the layer (parameters 9 and 10)."""
    kind = layer.integer(9)
    if kind == 0:
        return node
    if kind == 1:
        return ops.relu(node)
    if kind == 2:
        return ops.prelu(node, np.array([layer.reals(10)[0]], np.float32))
    if kind == 4:
        return ops.sigmoid(node)
    raise GraphError(f"{layer.name}: activation {kind} is not supported")


def _biased(ops: Any, layer: Layer, node: Node) -> Node:
    bias = layer.weights.get("bias")
    return node if bias is None else ops.add(node, bias.reshape(1, -1, 1, 1))


def _strides_and_pads(layer: Layer) -> tuple[list[int], list[int], list[int]]:
    """Return (vertical, horizontal) strides, pads, dilations; a missing vertical is the horizontal."""
    stride, pad, dilation = layer.integer(3, 1), layer.integer(4), layer.integer(2, 1)
    return (
        [layer.integer(13, stride), stride],
        [layer.integer(14, pad), pad],
        [layer.integer(12, dilation), dilation],
    )


def _convolution(ops: Any, layer: Layer, inputs: list[Node]) -> Node:
    layer.only(0, 1, 2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14)
    strides, pads, dilations = _strides_and_pads(layer)
    node = ops.convolution(inputs[0], layer.weights["weight"], strides, pads, pads, dilations)
    return _activated(ops, layer, _biased(ops, layer, node))


def _deconvolution(ops: Any, layer: Layer, inputs: list[Node]) -> Node:
    layer.only(0, 1, 2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14)
    strides, pads, dilations = _strides_and_pads(layer)
    # ncnn stores (out, in, height, width), OpenVINO reads (in, out, height, width).
    weight = np.ascontiguousarray(layer.weights["weight"].transpose(1, 0, 2, 3))
    node = ops.convolution_backprop_data(
        inputs[0], weight, strides, pads_begin=pads, pads_end=pads, dilations=dilations
    )
    return _activated(ops, layer, _biased(ops, layer, node))


def _inner_product(ops: Any, layer: Layer, inputs: list[Node]) -> Node:
    # Its input is the 1 x 1 result of a global pooling, so a 1 x 1 convolution does it and keeps 4 axes.
    layer.only(0, 1, 2, 9, 10)
    node = ops.convolution(inputs[0], layer.weights["weight"], [1, 1], [0, 0], [0, 0], [1, 1])
    return _activated(ops, layer, _biased(ops, layer, node))


def _prelu(ops: Any, layer: Layer, inputs: list[Node]) -> Node:
    layer.only(0)
    return ops.prelu(inputs[0], layer.weights["slope"])


def _concat(ops: Any, layer: Layer, inputs: list[Node]) -> Node:
    layer.only()  # no parameter: along the channels
    return ops.concat(inputs, 1)


def _eltwise(ops: Any, layer: Layer, inputs: list[Node]) -> Node:
    layer.only(0, 1)
    if layer.integer(0) != 1:
        raise GraphError(f"{layer.name}: only sums are supported")
    factors = layer.reals(1) or (1.0,) * len(inputs)
    terms = [
        node if factor == 1.0 else ops.multiply(node, np.float32(factor))
        for node, factor in zip(inputs, factors, strict=True)
    ]
    total = terms[0]
    for term in terms[1:]:
        total = ops.add(total, term)
    return total


def _binary_op(ops: Any, layer: Layer, inputs: list[Node]) -> Node:
    layer.only(0, 1, 2)
    operation = {0: ops.add, 1: ops.subtract, 2: ops.multiply}.get(layer.integer(0))
    if operation is None:
        raise GraphError(f"{layer.name}: binary operation {layer.integer(0)} is not supported")
    other = np.float32(layer.real(2)) if layer.integer(1) else inputs[1]
    return operation(inputs[0], other)


def _interp(ops: Any, layer: Layer, inputs: list[Node]) -> Node:
    layer.only(0, 1, 2)
    factors = np.array([layer.real(1, 1.0), layer.real(2, 1.0)], np.float32)
    # ncnn's nearest takes the pixel at floor(x / factor); its bicubic uses half-pixel centres and a = -0.75.
    modes: dict[int, dict[str, Any]] = {
        1: {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
        3: {"mode": "cubic", "coordinate_transformation_mode": "half_pixel", "cube_coeff": -0.75},
    }
    options = modes.get(layer.integer(0))
    if options is None:
        raise GraphError(f"{layer.name}: interpolation {layer.integer(0)} is not supported")
    return ops.interpolate(
        inputs[0], factors, shape_calculation_mode="scales", axes=np.array(_SPATIAL_AXES, np.int64), **options
    )


def _pixel_shuffle(ops: Any, layer: Layer, inputs: list[Node]) -> Node:
    layer.only(0)
    return ops.depth_to_space(inputs[0], "depth_first", layer.integer(0, 1))


def _crop(ops: Any, layer: Layer, inputs: list[Node]) -> Node:
    """Cut out a part: from starts to ends along axes, or from the given offsets on as large as the second input."""
    if len(inputs) == 1:
        return _crop_between(ops, layer, inputs[0])
    layer.only(0, 1)
    start = np.array([layer.integer(1), layer.integer(0)], np.int64)
    size = ops.gather(ops.shape_of(inputs[1]), np.array(_SPATIAL_AXES, np.int64), np.int64(0))
    return ops.slice(
        inputs[0], start, ops.add(size, start), np.array([1, 1], np.int64), np.array(_SPATIAL_AXES, np.int64)
    )


def _crop_between(ops: Any, layer: Layer, node: Node) -> Node:
    """Cut as slices of numpy do: what is negative counts from the end."""
    layer.only(9, 10, 11)
    starts, ends, axes = (layer.integers(number) for number in (9, 10, 11))
    # ncnn writes -233 for no limit, and counts axes without the batch: only negative ones mean the same here.
    known = (
        all(-3 <= axis < 0 for axis in axes) and not {_NO_LIMIT, 0} & set(ends) and _NO_LIMIT not in starts
    )
    if not (known and 0 < len(axes) == len(starts) == len(ends)):
        raise GraphError(f"{layer.name}: only crops with limits, along axes from the last one, are supported")
    steps = [1] * len(starts)
    return ops.slice(node, *(np.array(values, np.int64) for values in (starts, ends, steps, axes)))


def _memory_data(ops: Any, layer: Layer, inputs: list[Node]) -> Node:  # noqa: ARG001 - one signature for all
    layer.only(0, 1, 2)
    return layer.weights["data"][np.newaxis]


def _sigmoid(ops: Any, layer: Layer, inputs: list[Node]) -> Node:
    layer.only()
    return ops.sigmoid(inputs[0])


def _swish(ops: Any, layer: Layer, inputs: list[Node]) -> Node:
    layer.only()
    return ops.multiply(inputs[0], ops.sigmoid(inputs[0]))


def _pooling(ops: Any, layer: Layer, inputs: list[Node]) -> Node:
    layer.only(0, 4)
    if layer.integer(0) != 1 or layer.integer(4) != 1:
        raise GraphError(f"{layer.name}: only the global mean is supported")
    return ops.reduce_mean(inputs[0], np.array(_SPATIAL_AXES, np.int64), keep_dims=True)


def _scale(ops: Any, layer: Layer, inputs: list[Node]) -> Node:
    layer.only(0)
    return ops.multiply(inputs[0], inputs[1])


_BUILDERS: dict[str, Callable[[Any, Layer, list[Node]], Node]] = {
    "BinaryOp": _binary_op,
    "Concat": _concat,
    "Convolution": _convolution,
    "Crop": _crop,
    "Deconvolution": _deconvolution,
    "Eltwise": _eltwise,
    "InnerProduct": _inner_product,
    "Interp": _interp,
    "MemoryData": _memory_data,
    "PReLU": _prelu,
    "PixelShuffle": _pixel_shuffle,
    "Pooling": _pooling,
    "Scale": _scale,
    "Sigmoid": _sigmoid,
    "Swish": _swish,
}

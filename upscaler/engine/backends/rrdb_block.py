"""One block of an RRDB network: it shows how fast the whole is, and takes a twentieth of the time."""

from __future__ import annotations

from collections.abc import Iterable

from upscaler.engine.backends.layer_graph import Part
from upscaler.engine.model_zoo.ncnn_graph import Graph, GraphError, Layer

# The input, a convolution, and the three dense blocks that form a residual block, whose sum comes last.
_LAYERS = 45
_LAST = "Eltwise"


def first_block(graph: Graph, channels: int) -> tuple[Part, float]:
    """Return the layers up to the end of the first block, and their share in the work of all layers.

    Raises:
        GraphError: the network has no such block.

    """
    layers = graph.layers[:_LAYERS]
    if len(graph.layers) <= _LAYERS or layers[-1].kind != _LAST:
        raise GraphError("it does not begin with a block of an RRDB network")
    part = Part(layers, graph.input, layers[-1].outputs[0], channels)
    return part, _work(layers) / _work(graph.layers)


def _work(layers: Iterable[Layer]) -> float:
    """Return the multiplications for each input pixel."""
    total, area = 0.0, 1.0
    for layer in layers:
        if layer.kind == "Interp":
            area *= layer.real(1, 1.0) * layer.real(2, 1.0)
        elif layer.kind == "Convolution":
            total += layer.weights["weight"].size * area
    return total

"""Build an OpenVINO model in memory from the layers of an ncnn network."""

from __future__ import annotations

from typing import Any

import numpy as np

from upscaler.engine.backends.layer_graph import Part, connect, cut
from upscaler.engine.model_zoo.ncnn_graph import Graph


def build_model(graph: Graph, name: str, *, channels: int = 3, factor: int = 255) -> Any:
    """Return an ``openvino.Model`` from float32 (1, channels, height, width) to levels, of any size.

    ``factor`` turns the network's output into levels: 255 where that is 0..1.
    """
    return build_part(Part(graph.layers, graph.input, graph.output, channels), name, factor=factor)


def build_parts(
    graph: Graph, name: str, kind: str, *, channels: int = 3, factor: int = 255
) -> tuple[Any, Any]:
    """Return the models of the layers before the first one of a kind, and of the others.

    The second takes the output of the first, float32 (1, channels, height, width), and gives levels as ``build_model``
    does.

    Raises:
        GraphError: there is no such layer, or more than its input passes from one part to the other.

    """
    body, tail = cut(graph, kind, channels=channels)
    return build_part(body, f"{name}-body"), build_part(tail, f"{name}-tail", factor=factor)


def build_part(part: Part, name: str, *, factor: int = 1) -> Any:
    """Return the model of some layers, whose output is multiplied by ``factor``."""
    # Heavy, and only needed where a model is loaded.
    from upscaler.engine.backends.openvino_library import ops, ov  # noqa: PLC0415

    window = ops.parameter(ov.PartialShape([1, part.channels, -1, -1]), np.float32, name="window")
    found = connect(ops, part.layers, part.input, window)[part.output]
    # Scaled here and not by the caller: where the rest computes in bfloat16, whose step above 128 is one, the
    # result is either still float32 at this point, or is rounded to levels once and not to 1/256 before that.
    levels = found if factor == 1 else ops.multiply(found, np.float32(factor))
    return ov.Model([ops.result(levels)], [window], name)

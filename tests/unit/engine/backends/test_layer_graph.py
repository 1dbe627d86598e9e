"""The cut of a graph; ``test_openvino_graph`` runs each kind of layer."""

from __future__ import annotations

import pytest

from upscaler.engine.backends.layer_graph import cut
from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.model_zoo.ncnn_graph import Graph, GraphError, read_graph
from upscaler.engine.model_zoo.weights import find_weights


def graph_of(name: str) -> Graph:
    return read_graph(find_weights(MODELS[name]).param)


def test_the_second_part_takes_what_the_first_gives() -> None:
    graph = graph_of("realesrgan-x4plus")

    body, tail = cut(graph, "Interp")

    assert (body.input, body.channels) == (graph.input, 3)
    assert (tail.input, tail.channels, tail.output) == (body.output, 64, graph.output)
    assert [*body.layers, *tail.layers] == list(graph.layers)
    assert tail.layers[0].kind == "Interp"


def test_a_model_is_cut_only_where_one_blob_passes() -> None:
    # Its last layer adds the upscaled input: that passes beside what the layers before it give.
    graph = graph_of("realesr-animevideov3-x4")

    with pytest.raises(GraphError, match="cannot be cut"):
        cut(graph, "Interp")
    with pytest.raises(GraphError, match="no layer of kind Pooling"):
        cut(graph, "Pooling")

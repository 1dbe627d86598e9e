"""Each kind of layer is written in each of these models; ``test_agreement`` runs all of the catalogue."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from upscaler.engine.backends.layer_graph import Part
from upscaler.engine.backends.onnx_writer import INPUT, as_onnx
from upscaler.engine.backends.openvino_graph import build_model
from upscaler.engine.backends.openvino_library import ov
from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.model_zoo.ncnn_graph import Graph, GraphError, Layer, read_graph
from upscaler.engine.model_zoo.weights import find_weights

FULL_PRECISION = {"INFERENCE_PRECISION_HINT": "f32"}


@pytest.mark.parametrize(
    "name", ["realesr-animevideov3-x3", "waifu2x-upconv7-photo", "waifu2x-cunet", "realesrgan-x4plus-anime"]
)
def test_a_file_computes_what_the_graph_in_memory_does(name: str) -> None:
    files = find_weights(MODELS[name])
    graph = read_graph(files.param, files.bin)
    window = np.random.default_rng(1).random((1, 3, 76, 84), dtype=np.float32)

    content = as_onnx(Part(graph.layers, graph.input, graph.output, 3), factor=255)

    onnx.checker.check_model(onnx.load_from_string(content))
    core = ov.Core()
    written = core.compile_model(core.read_model(content), "CPU", FULL_PRECISION)(window)[0]
    built = core.compile_model(build_model(graph, name), "CPU", FULL_PRECISION)(window)[0]
    assert np.abs(written - built).max() < 0.01


def test_a_part_takes_its_own_channels_and_is_not_scaled() -> None:
    pooled = Layer("Pooling", "mean", ("x",), ("mean",), {0: 1, 4: 1})
    scaled = Layer("Scale", "scale", ("x", "mean"), ("y",), {0: -233})
    part = Part((Layer("Input", "in", (), ("x",)), pooled, scaled), "x", "y", 2)
    numbers = np.arange(12, dtype=np.float32).reshape(1, 2, 2, 3)

    core = ov.Core()
    read = core.read_model(as_onnx(part))

    assert read.input().any_name == INPUT
    result = core.compile_model(read, "CPU", FULL_PRECISION)(numbers)[0]
    np.testing.assert_allclose(result, numbers * numbers.mean(axis=(2, 3), keepdims=True), rtol=1e-6)


def test_what_would_be_computed_wrongly_is_refused() -> None:
    graph = Graph((Layer("Softmax", "soft", ("x",), ("y",)),), "x", "y")

    with pytest.raises(GraphError, match="Softmax"):
        as_onnx(Part(graph.layers, "x", "y", 3))

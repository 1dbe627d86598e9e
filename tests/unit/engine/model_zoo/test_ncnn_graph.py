from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from upscaler.engine.model_zoo.catalogue import MODELS, Model
from upscaler.engine.model_zoo.ncnn_graph import GraphError, Layer, read_graph
from upscaler.engine.model_zoo.weights import find_weights

PARAM = """7767517
3 3
Input            input 0 1 data 0=4 1=4 2=1
Convolution      conv  1 1 data middle 0=2 1=3 4=1 5=1 6=18 9=2 -23310=1,1.000000e-01
PReLU            prelu 1 1 middle output 0=2
"""
FLOAT16 = np.array([0x01306B47], "<u4").tobytes()
FLOAT32 = np.array([0], "<u4").tobytes()


def _write(folder: Path, param: str, weights: bytes) -> tuple[Path, Path]:
    (folder / "net.param").write_text(param)
    (folder / "net.bin").write_bytes(weights)
    return folder / "net.param", folder / "net.bin"


@pytest.mark.parametrize(("tag", "dtype"), [(FLOAT16, "<f2"), (FLOAT32, "<f4")])
def test_it_reads_layers_parameters_and_both_kinds_of_weights(tmp_path: Path, tag: bytes, dtype: str) -> None:
    numbers = np.arange(18, dtype=dtype)
    bias, slope = np.array([0.5, -0.5], "<f4"), np.array([0.1, 0.2], "<f4")
    weights = tag + numbers.tobytes() + bias.tobytes() + slope.tobytes()

    graph = read_graph(*_write(tmp_path, PARAM, weights))

    _, convolution, prelu = graph.layers
    assert (graph.input, graph.output) == ("data", "output")
    assert (convolution.inputs, convolution.outputs) == (("data",), ("middle",))
    assert convolution.integer(0) == 2
    assert convolution.reals(10) == (0.1,)
    np.testing.assert_array_equal(convolution.weights["weight"], numbers.reshape(2, 1, 3, 3))
    np.testing.assert_array_equal(convolution.weights["bias"], bias)
    np.testing.assert_array_equal(prelu.weights["slope"], slope)
    assert {array.dtype for layer in graph.layers for array in layer.weights.values()} == {
        np.dtype("float32")
    }


def test_half_floats_are_padded_to_four_bytes(tmp_path: Path) -> None:
    param = "7767517\n2 2\nInput i 0 1 data\nConvolution c 1 1 data out 0=1 1=1 5=1 6=3\n"
    weights = FLOAT16 + np.array([1, 2, 3, 99], "<f2").tobytes() + np.array([7], "<f4").tobytes()

    layer = read_graph(*_write(tmp_path, param, weights)).layers[1]

    assert layer.weights["weight"].ravel().tolist() == [1, 2, 3]
    assert layer.weights["bias"].tolist() == [7]


def test_stored_numbers_stand_without_a_tag(tmp_path: Path) -> None:
    param = "7767517\n3 3\nInput i 0 1 x\nMemoryData m 0 1 y 0=1 1=2 2=3\nConcat c 2 1 x y out\n"
    numbers = np.arange(6, dtype="<f4")

    layer = read_graph(*_write(tmp_path, param, numbers.tobytes())).layers[1]

    np.testing.assert_array_equal(layer.weights["data"], numbers.reshape(3, 2, 1))


@pytest.mark.parametrize(
    ("param", "weights", "complaint"),
    [
        ("not a model", b"", "not an ncnn"),
        ("7767517\n2 1\nInput i 0 1 data\n", b"", "2 layers announced, 1 found"),
        ("7767517\n1 1\nInput i zero 1 data\n", b"", "does not follow"),
        ("7767517\n2 2\nInput i 0 1 data\nSoftmax s 1 1 data out\n", b"", "Softmax"),
        (PARAM, b"", "end too early"),
        (PARAM, FLOAT32 + bytes(72 + 8 + 8 + 4), "4 bytes of weights are left over"),
        (PARAM, np.array([0x000D4B38], "<u4").tobytes() + bytes(100), "tag 0x000d4b38"),
    ],
)
def test_it_refuses_what_it_does_not_know(tmp_path: Path, param: str, weights: bytes, complaint: str) -> None:
    with pytest.raises(GraphError, match=complaint):
        read_graph(*_write(tmp_path, param, weights))


def test_a_parameter_that_nobody_heeds_is_refused() -> None:
    layer = Layer("Convolution", "conv", (), (), {0: 1, 8: 2})

    layer.only(0, 8)
    with pytest.raises(GraphError, match=r"\[8\]"):
        layer.only(0, 1)


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_it_reads_every_model_to_the_last_byte(model: Model) -> None:
    files = find_weights(model)

    graph = read_graph(files.param, files.bin)

    assert all(np.isfinite(array).all() for layer in graph.layers for array in layer.weights.values())

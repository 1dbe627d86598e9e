"""Each kind of layer by itself, on a few numbers; ``test_agreement`` compares whole models with ncnn."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from upscaler.engine.backends.openvino_graph import build_model, build_parts
from upscaler.engine.backends.openvino_library import ov
from upscaler.engine.model_zoo.ncnn_graph import Graph, GraphError, Layer, Value

Floats = NDArray[np.float32]

INPUT = Layer("Input", "in", (), ("x",))
# Two channels of 2 x 3, with values of both signs.
X = np.array([[[1, -2, 3], [4, -5, 6]], [[-1, 2, 0.5], [0, 8, -9]]], np.float32)
# Two outputs of two inputs, 1 x 1.
MIXED = np.array([[[[2]], [[1]]], [[[0]], [[-1]]]], np.float32)


def layer(
    kind: str,
    params: Mapping[int, Value] | None = None,
    inputs: tuple[str, ...] = ("x",),
    **weights: object,
) -> Layer:
    arrays = {name: np.array(values, np.float32) for name, values in weights.items()}
    return Layer(kind, "tested", inputs, ("y",), params or {}, arrays)


def run(*layers: Layer, x: Floats = X, factor: int = 1) -> Floats:
    """Return the output of layers from x to y, on a window of (channels, height, width)."""
    model = build_model(Graph((INPUT, *layers), "x", "y"), "small", channels=len(x), factor=factor)
    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.array(compiled([x[np.newaxis]])[0][0])


CONVOLUTION = {0: 2, 1: 1, 5: 1, 6: 4}
SUM, LAST = 2 * X[0] + X[1], -X[1]


@pytest.mark.parametrize(
    ("tested", "expected"),
    [
        (layer("Convolution", CONVOLUTION, weight=MIXED, bias=[10, 20]), [SUM + 10, LAST + 20]),
        (layer("Convolution", {**CONVOLUTION, 9: 1}, weight=MIXED), [SUM.clip(0), LAST.clip(0)]),
        (
            layer("Convolution", {**CONVOLUTION, 9: 2, 10: (0.5,)}, weight=MIXED),
            [np.where(part > 0, part, part / 2) for part in (SUM, LAST)],
        ),
        (
            layer("Convolution", {**CONVOLUTION, 9: 4}, weight=MIXED),
            [1 / (1 + np.exp(-SUM)), 1 / (1 + np.exp(-LAST))],
        ),
        (layer("Convolution", {**CONVOLUTION, 3: 2, 13: 1}, weight=MIXED), [SUM[:, ::2], LAST[:, ::2]]),
        (
            layer("Convolution", {**CONVOLUTION, 4: 1, 14: 0}, weight=MIXED),
            [np.pad(SUM, ((0, 0), (1, 1))), np.pad(LAST, ((0, 0), (1, 1)))],
        ),
        (
            layer("PReLU", {0: 2}, slope=[0.5, 2]),
            [np.where(X[0] > 0, X[0], X[0] / 2), np.where(X[1] > 0, X[1], 2 * X[1])],
        ),
        (layer("Concat", inputs=("x", "x")), [*X, *X]),
        (layer("Eltwise", {0: 1}, inputs=("x", "x", "x")), 3 * X),
        (layer("Eltwise", {0: 1, 1: (1.0, 0.25)}, inputs=("x", "x")), 1.25 * X),
        (layer("BinaryOp", {0: 0}, inputs=("x", "x")), 2 * X),
        (layer("BinaryOp", {0: 1, 1: 1, 2: 0.5}), X - 0.5),
        (layer("BinaryOp", {0: 2}, inputs=("x", "x")), X * X),
        (layer("Interp", {0: 1, 1: 2.0, 2: 3.0}), X.repeat(2, axis=1).repeat(3, axis=2)),
        (layer("Sigmoid"), 1 / (1 + np.exp(-X))),
        (layer("Swish"), X / (1 + np.exp(-X))),
        (layer("Crop", {9: (1.0, 1.0), 10: (-1.0, 2.0), 11: (-1.0, -2.0)}), X[:, 1:2, 1:-1]),
        (layer("Pooling", {0: 1, 4: 1}), X.mean(axis=(1, 2), keepdims=True)),
        (layer("Scale", {0: -233}, inputs=("x", "x")), X * X),
        (layer("InnerProduct", {0: 2, 1: 1, 2: 4}, weight=MIXED, bias=[1, 2]), [SUM + 1, LAST + 2]),
    ],
    ids=lambda value: f"{value.kind} {dict(value.params)}" if isinstance(value, Layer) else "",
)
def test_a_layer_computes_what_ncnn_does(tested: Layer, expected: object) -> None:
    np.testing.assert_allclose(run(tested), np.array(expected, np.float32), rtol=1e-5, atol=1e-6)


def test_a_pixel_shuffle_makes_blocks_of_the_channels_that_follow_one_another() -> None:
    x = np.arange(8, dtype=np.float32).reshape(8, 1, 1)

    shuffled = run(layer("PixelShuffle", {0: 2}), x=x)

    np.testing.assert_array_equal(shuffled, [[[0, 1], [2, 3]], [[4, 5], [6, 7]]])


def test_a_crop_is_as_large_as_its_second_input() -> None:
    small = Layer("Convolution", "small", ("x",), ("small",), {**CONVOLUTION, 3: 2}, {"weight": MIXED})

    cropped = run(small, layer("Crop", {0: 1, 1: 1}, inputs=("x", "small")), x=X)

    np.testing.assert_array_equal(cropped, X[:, 1:2, 1:3])


def test_stored_numbers_are_a_blob_of_one_pixel() -> None:
    means = Layer(
        "MemoryData", "means", (), ("means",), {0: 1, 1: 1, 2: 2}, {"data": np.full((2, 1, 1), 3, np.float32)}
    )

    np.testing.assert_array_equal(run(means, layer("BinaryOp", {0: 1}, inputs=("x", "means"))), X - 3)


def test_a_deconvolution_spreads_each_pixel() -> None:
    # As ncnn stores it: (out, in, height, width). Each output has one of the inputs, in blocks of 2 x 2.
    weight = np.zeros((2, 2, 2, 2), np.float32)
    weight[0, 1], weight[1, 0] = 1, 3
    params = {0: 2, 1: 2, 3: 2, 6: 16}

    spread = run(layer("Deconvolution", params, weight=weight))

    blocks = X.repeat(2, axis=1).repeat(2, axis=2)
    np.testing.assert_allclose(spread, [blocks[1], 3 * blocks[0]])


def test_a_split_is_one_blob_under_several_names() -> None:
    split = Layer("Split", "split", ("x",), ("one", "other"))

    np.testing.assert_array_equal(run(split, layer("Eltwise", {0: 1}, inputs=("one", "other"))), 2 * X)


def test_fractions_become_levels() -> None:
    np.testing.assert_allclose(run(layer("BinaryOp", {0: 2, 1: 1, 2: 0.5}), factor=255), X * 127.5)


@pytest.mark.parametrize(
    ("unsupported", "reason"),
    [
        (layer("Softmax"), "layers of kind Softmax"),
        (layer("Convolution", {**CONVOLUTION, 9: 3}, weight=MIXED), "activation 3"),
        (layer("Convolution", {**CONVOLUTION, 7: 2}, weight=MIXED), r"parameters \[7\]"),
        (layer("Concat", {0: 1}), r"parameters \[0\]"),
        (layer("Eltwise", {0: 0}, inputs=("x", "x")), "only sums"),
        (layer("BinaryOp", {0: 3}, inputs=("x", "x")), "binary operation 3"),
        (layer("Interp", {0: 2, 1: 2.0, 2: 2.0}), "interpolation 2"),
        (layer("Pooling", {0: 0, 4: 1}), "only the global mean"),
        (layer("Pooling", {0: 1}), "only the global mean"),
        (layer("Crop", {9: (1.0,), 10: (-233.0,), 11: (-1.0,)}), "only crops with limits"),
        (layer("Crop", {9: (1.0,), 10: (0.0,), 11: (-1.0,)}), "only crops with limits"),
        (layer("Crop", {9: (1.0,), 10: (-1.0,), 11: (2.0,)}), "only crops with limits"),
        (layer("Crop", {9: (1.0,), 10: (-1.0,)}), "only crops with limits"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_would_be_computed_wrongly_is_refused(unsupported: Layer, reason: str) -> None:
    with pytest.raises(GraphError, match=reason):
        run(unsupported)


def test_both_parts_of_a_model_give_what_the_whole_gives() -> None:
    first = Layer("Convolution", "first", ("x",), ("features",), CONVOLUTION, {"weight": MIXED})
    second = layer("Interp", {0: 1, 1: 2.0, 2: 2.0}, inputs=("features",))
    graph = Graph((INPUT, first, second), "x", "y")
    core, hint = ov.Core(), {"INFERENCE_PRECISION_HINT": "f32"}

    parts = build_parts(graph, "small", "Interp", channels=2, factor=255)

    body, tail = (core.compile_model(part, "CPU", hint) for part in parts)
    together = tail([body([X[np.newaxis]])[0]])[0][0]
    np.testing.assert_allclose(together, run(first, second, factor=255), rtol=1e-6)

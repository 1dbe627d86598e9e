"""Models of a few weights, as files: their output is known, and they take no time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

ANY = ("n", 3, "h", "w")


def kernel(scale: int, channels: int = 3, side: int = 3) -> NDArray[np.float32]:
    """Return (channels * scale^2, channels, side, side): each channel gives its own blocks, blurred a little."""
    weights = np.zeros((channels * scale**2, channels, side, side), np.float32)
    blur = np.full((side, side), 0.4 / (side * side - 1), np.float32)
    blur[side // 2, side // 2] = 0.6
    for output in range(channels * scale**2):
        weights[output, output // scale**2] = blur
    return weights


def write_onnx(
    path: Path,
    scale: int = 2,
    *,
    shape: tuple[str | int, ...] = ANY,
    weights: NDArray[np.float32] | None = None,
    bias: float = 0.0,
    inputs: int = 1,
    kind: int = TensorProto.FLOAT,
) -> Path:
    """Write a convolution and a pixel shuffle."""
    channels = int(shape[1])
    weights = kernel(scale, channels) if weights is None else weights
    dtype = helper.tensor_dtype_to_np_dtype(kind)
    pads = [weights.shape[2] // 2] * 4
    nodes = [
        helper.make_node("Conv", ["x", "k", "b"], ["c"], pads=pads),
        helper.make_node("DepthToSpace", ["c"], ["y"], blocksize=scale, mode="CRD"),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info(name, kind, shape) for name in ("x", "z")[:inputs]],
        [helper.make_tensor_value_info("y", kind, None)],
        [
            numpy_helper.from_array(weights.astype(dtype), "k"),
            numpy_helper.from_array(np.full(len(weights), bias, dtype), "b"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, str(path))
    return path


def write_ncnn(folder: Path, scale: int = 2, *, middle: str = "", stem: str = "small") -> tuple[Path, Path]:
    """Write the same as a pair of ncnn's files; ``middle`` is a line of another layer between, from c to d."""
    weights = kernel(scale)
    layers = [
        "Input in 0 1 in",
        f"Convolution conv 1 1 in c 0={len(weights)} 1=3 4=1 5=0 6={weights.size}",
        *([middle] if middle else []),
        f"PixelShuffle shuffle 1 1 {'d' if middle else 'c'} out 0={scale}",
    ]
    param, weights_file = folder / f"{stem}.param", folder / f"{stem}.bin"
    param.write_text("\n".join(["7767517", f"{len(layers)} {len(layers)}", *layers]) + "\n")
    weights_file.write_bytes(bytes(4) + weights.astype("<f4").tobytes())
    return param, weights_file

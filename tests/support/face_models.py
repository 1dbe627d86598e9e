"""Face models of a few weights, as files and as they are after their examination."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from upscaler.engine.imaging.hashing import sha256_of
from upscaler.engine.model_zoo.custom_model import FACES, ONNX, SIGNED, Findings, Manifest
from upscaler.engine.model_zoo.model_folder import ModelFolder


def write_face_model(
    path: Path,
    *,
    side: int = 512,
    factor: float = 1.0,
    tint: tuple[float, float, float] = (0, 0, 0),
    mirrored: bool = False,
) -> Path:
    """Write a model that gives the aligned face times ``factor`` plus ``tint``, values from -1 to 1."""
    shape = (1, 3, side, side)
    nodes = [
        helper.make_node("Mul", ["x", "f"], ["m"]),
        helper.make_node("Add", ["m", "t"], ["a" if mirrored else "y"]),
    ]
    values = [
        numpy_helper.from_array(np.array(factor, np.float32), "f"),
        numpy_helper.from_array(np.array(tint, np.float32).reshape(1, 3, 1, 1), "t"),
    ]
    if mirrored:
        # Upside down: all of the image, and not the same face.
        nodes.append(helper.make_node("Slice", ["a", "start", "stop", "axis", "step"], ["y"]))
        for name, number in (("start", -1), ("stop", -side - 1), ("axis", 2), ("step", -1)):
            values.append(numpy_helper.from_array(np.array([number], np.int64), name))
    graph = helper.make_graph(
        nodes,
        "face",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        values,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, str(path))
    return path


def add_face_model(folder: ModelFolder, name: str = "faces", *, side: int = 512, **more: object) -> Manifest:
    """Put a face model into a folder as if it had been examined, so that also a broken one gets there."""
    staging = folder.staging()
    write_face_model(staging / "model.onnx", side=side, **more)  # type: ignore[arg-type]
    found = Findings(
        scale=1,
        channels=3,
        input="x",
        output="y",
        input_range=SIGNED,
        output_range=SIGNED,
        minimum_side=side,
        maximum_side=side,
        multiple=side,
        overlap=0,
        purpose=FACES,
    )
    manifest = Manifest(name, ONNX, {"model.onnx": sha256_of(staging / "model.onnx")}, "CC0-1.0", found)
    folder.put(staging, manifest)
    return manifest

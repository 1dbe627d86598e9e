"""The metadata in the files of a model, read before it is run: blobs, channels, sizes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from upscaler.engine.model_import.onnx_file import check_onnx_file
from upscaler.engine.model_zoo.custom_model import FILES, ONNX
from upscaler.engine.model_zoo.ncnn_graph import Graph, GraphError, Layer, read_graph
from upscaler.errors import N_, ModelRefused

_COLOURS = (1, 3)
# The least size holds a tile of 32 pixels with a margin of 16 on each side.
_SMALLEST_FIXED, _LARGEST_FIXED = 64, 1024
# Sides in pixels of the aligned faces that face models take.
FACE_SIDES = (256, 512)


@dataclass(frozen=True)
class ModelMetadata:
    """The metadata of a model.

    Attributes:
        input: name of the input blob.
        output: name of the output blob.
        channels: of both.
        fixed_side: the one side in pixels that the input may have, 0 for any.
        result_side: the one side in pixels that the result has, 0 where the file does not say.

    """

    input: str
    output: str
    channels: int
    fixed_side: int = 0
    result_side: int = 0

    @property
    def restores_faces(self) -> bool:
        """Whether it has the form of all face models: an aligned face in, another of the same size out."""
        return self.channels == 3 and self.fixed_side in FACE_SIDES and self.fixed_side == self.result_side


def read_metadata(folder: Path, kind: str) -> ModelMetadata:
    """Read the metadata of the files in ``folder``.

    Raises:
        ModelRefused: they are no model of one image in and one image out.

    """
    paths = [folder / name for name in FILES[kind]]
    return _of_onnx(paths[0]) if kind == ONNX else _of_ncnn(paths[0])


def _of_onnx(path: Path) -> ModelMetadata:
    from upscaler.engine.backends.openvino_library import ov  # noqa: PLC0415 - heavy, and only needed here

    check_onnx_file(path)
    model = ov.Core().read_model(str(path))
    _check_ends(len(model.inputs), len(model.outputs))
    entry, result = model.inputs[0], model.outputs[0]
    if not entry.get_element_type().is_real() or not result.get_element_type().is_real():
        raise ModelRefused(N_("The model was refused: its input and output must be floating-point numbers."))
    shape = entry.get_partial_shape()
    if shape.rank.is_static and len(shape) != 4:
        raise ModelRefused(
            N_(
                "The model was refused: its input has %(count)s axes; it must have batch, channels, height and width."
            ),
            count=len(shape),
        )
    sizes = [_static(axis) for axis in shape] if shape.rank.is_static else [0, 0, 0, 0]
    batch, channels, height, width = sizes
    if batch > 1:
        raise ModelRefused(
            N_("The model was refused: its batch size is %(count)s; it must be 1."), count=batch
        )
    _check_channels(channels or 3)
    return ModelMetadata(
        _name_of(entry),
        _name_of(result),
        channels or 3,
        _fixed_side(height, width) if height or width else 0,
        _result_side(result.get_partial_shape()),
    )


def _result_side(shape: Any) -> int:
    """Return the side of a result whose shape is known to be a square image, else 0."""
    sizes = [_static(axis) for axis in shape] if shape.rank.is_static else []
    return sizes[2] if len(sizes) == 4 and sizes[2] == sizes[3] else 0


def _static(axis: Any) -> int:
    return int(axis.get_length()) if axis.is_static else 0


def _name_of(blob: Any) -> str:
    names = blob.get_names()
    return min(names) if names else ""


def _fixed_side(height: int, width: int) -> int:
    if height != width:
        raise ModelRefused(
            N_(
                "The model was refused: it takes images of %(height)s x %(width)s pixels only; tiles need a square, "
                "or any size."
            ),
            height=height or "?",
            width=width or "?",
        )
    if not _SMALLEST_FIXED <= height <= _LARGEST_FIXED:
        raise ModelRefused(
            N_(
                "The model was refused: it takes images of %(side)s x %(side)s pixels only; tiles need a size from "
                "%(least)s to %(most)s."
            ),
            side=height,
            least=_SMALLEST_FIXED,
            most=_LARGEST_FIXED,
        )
    return height


def _of_ncnn(param: Path) -> ModelMetadata:
    try:
        graph = read_graph(param)
        channels = _channels_of(graph)
    except (ValueError, OverflowError) as error:
        raise ModelRefused(
            N_("The model was refused: its .param file cannot be used (%(reason)s)."), reason=str(error)[:200]
        ) from error
    _check_channels(channels)
    return ModelMetadata(graph.input, graph.output, channels)


def _channels_of(graph: Graph) -> int:
    """Return the number of channels that the first convolution reads; 3 where none says.

    ncnn itself accepts any number silently, and gives garbage.
    """
    same = {graph.input}
    for layer in graph.layers:
        if layer.kind == "Input" and layer.integer(2) > 0:
            return layer.integer(2)
        if not same.intersection(layer.inputs):
            continue
        if layer.kind == "Convolution":
            return _convolved(layer)
        if len(layer.inputs) == 1 and layer.kind in _SAME_CHANNELS:
            same.update(layer.outputs)
    return 3


# Layers whose output has as many channels as their input.
_SAME_CHANNELS = frozenset({"Split", "Interp", "Padding", "BinaryOp", "Noop", "Clip", "ReLU"})


def _convolved(layer: Layer) -> int:
    width = layer.integer(1)
    kernel = layer.integer(0) * width * layer.integer(11, width)
    if kernel <= 0:
        raise GraphError(f"{layer.name}: a kernel without a size")
    return layer.integer(6) // kernel


def _check_ends(inputs: int, outputs: int) -> None:
    if (inputs, outputs) != (1, 1):
        raise ModelRefused(
            N_(
                "The model was refused: it has %(inputs)s inputs and %(outputs)s outputs; it must have one of each."
            ),
            inputs=inputs,
            outputs=outputs,
        )


def _check_channels(channels: int) -> None:
    if channels not in _COLOURS:
        raise ModelRefused(
            N_("The model was refused: it takes %(count)s channels; it must take 1 or 3."), count=channels
        )

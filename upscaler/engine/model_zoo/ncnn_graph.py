"""Read ncnn's ``.param`` and ``.bin`` files into a list of layers with their weights.

The text format and the order of the weights follow ncnn's documentation ("param and model file structure" and
"operation param weight table", https://github.com/Tencent/ncnn/wiki). Only the layer kinds of the catalogue's
models are supported; anything else raises, so that no file is read in part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MAGIC = "7767517"
_TAG_FLOAT16 = 0x01306B47
_TAG_FLOAT32 = 0
_ARRAY_ID = -23300  # an id of -23300 - n says that parameter n is an array

Value = int | float | tuple[float, ...]
Weights = NDArray[np.float32]


class GraphError(ValueError):
    """The files are not a network that this module supports."""


@dataclass(frozen=True)
class Layer:
    """One layer: its kind and name, the blobs it reads and writes, its numbered parameters, and its weights.

    ``weights`` holds float32 arrays: "weight" as (out, in, height, width), "bias" and "slope" as (channels,), "data"
    as (channels, height, width).
    """

    kind: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    params: Mapping[int, Value] = field(default_factory=dict)
    weights: Mapping[str, Weights] = field(default_factory=dict)

    def integer(self, number: int, default: int = 0) -> int:
        """Return parameter ``number`` as a whole number."""
        value = self.params.get(number, default)
        if not isinstance(value, int):
            raise GraphError(f"{self.name}: parameter {number} is {value!r}, not a whole number")
        return value

    def real(self, number: int, default: float = 0.0) -> float:
        """Return parameter ``number`` as a real number."""
        value = self.params.get(number, default)
        if isinstance(value, tuple):
            raise GraphError(f"{self.name}: parameter {number} is an array")
        return float(value)

    def reals(self, number: int) -> tuple[float, ...]:
        """Return parameter ``number`` as an array, empty where it is not given."""
        value = self.params.get(number, ())
        if not isinstance(value, tuple):
            raise GraphError(f"{self.name}: parameter {number} is not an array")
        return value

    def integers(self, number: int) -> tuple[int, ...]:
        """Return parameter ``number`` as an array of whole numbers, empty where it is not given."""
        return tuple(int(value) for value in self.reals(number))

    def only(self, *known: int) -> None:
        """Raise ``GraphError`` when a parameter is given that the caller does not handle."""
        unknown = sorted(set(self.params) - set(known))
        if unknown:
            raise GraphError(f"{self.kind} {self.name}: parameters {unknown} are not supported")


@dataclass(frozen=True)
class Graph:
    """Layers in the order they run, the input blob and the output blob."""

    layers: tuple[Layer, ...]
    input: str
    output: str


def read_graph(param: Path, weights: Path | None = None) -> Graph:
    """Read a network; without ``weights`` its layers carry none.

    Raises:
        GraphError: a file does not follow the format, or holds a layer that is not supported.

    """
    layers = _read_layers(param.read_text(encoding="ascii"))
    if weights is not None:
        layers = _with_weights(layers, _WeightReader(weights.read_bytes()))
    inputs = [layer.outputs[0] for layer in layers if layer.kind == "Input"]
    read = {name for layer in layers for name in layer.inputs}
    outputs = [name for layer in layers for name in layer.outputs if name not in read]
    if len(inputs) != 1 or len(outputs) != 1:
        raise GraphError(f"{len(inputs)} inputs and {len(outputs)} outputs, not one of each")
    return Graph(tuple(layers), inputs[0], outputs[0])


def _read_layers(text: str) -> list[Layer]:
    lines = [line.split() for line in text.splitlines() if line.strip()]
    if len(lines) < 2 or lines[0] != [_MAGIC]:
        raise GraphError("not an ncnn text param file")
    try:
        layers = [_read_layer(fields) for fields in lines[2:]]
        announced = int(lines[1][0])
    except (ValueError, IndexError) as error:
        raise GraphError(f"a line does not follow the format: {error}") from error
    if announced != len(layers):
        raise GraphError(f"{announced} layers announced, {len(layers)} found")
    return layers


def _read_layer(fields: list[str]) -> Layer:
    kind, name, n_inputs, n_outputs = fields[0], fields[1], int(fields[2]), int(fields[3])
    rest = fields[4:]
    params: dict[int, Value] = {}
    for item in rest[n_inputs + n_outputs :]:
        key, _, value = item.partition("=")
        if int(key) <= _ARRAY_ID:
            params[_ARRAY_ID - int(key)] = tuple(float(number) for number in value.split(",")[1:])
        else:
            params[int(key)] = float(value) if set(value) & set(".e") else int(value)
    return Layer(kind, name, tuple(rest[:n_inputs]), tuple(rest[n_inputs : n_inputs + n_outputs]), params)


class _WeightReader:
    """Hand out the weights in the order in which the layers load them."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._offset = 0

    def plain(self, count: int) -> Weights:
        """Return ``count`` float32 numbers that stand without a tag (biases and slopes)."""
        return self._take("<f4", count).astype(np.float32)

    def tagged(self, count: int) -> Weights:
        """Return ``count`` numbers whose tag says float16 (padded to 4 bytes) or float32."""
        tag = int(self._take("<u4", 1)[0])
        if tag == _TAG_FLOAT32:
            return self._take("<f4", count).astype(np.float32)
        if tag != _TAG_FLOAT16:
            raise GraphError(f"weights with tag {tag:#010x} are not supported")
        numbers = self._take("<f2", count)
        self._offset += -self._offset % 4
        return numbers.astype(np.float32)

    def finish(self) -> None:
        """Raise ``GraphError`` when numbers are left over."""
        if self._offset != len(self._content):
            raise GraphError(f"{len(self._content) - self._offset} bytes of weights are left over")

    def _take(self, dtype: str, count: int) -> NDArray[Any]:
        end = self._offset + count * np.dtype(dtype).itemsize
        if end > len(self._content):
            raise GraphError("the weights end too early")
        taken = np.frombuffer(self._content, dtype, count, self._offset)
        self._offset = end
        return taken


def _convolution(layer: Layer, reader: _WeightReader) -> dict[str, Weights]:
    out, width = layer.integer(0), layer.integer(1)
    height = layer.integer(11, width)
    weights = {"weight": reader.tagged(layer.integer(6)).reshape(out, -1, height, width)}
    if layer.integer(5):
        weights["bias"] = reader.plain(out)
    return weights


def _inner_product(layer: Layer, reader: _WeightReader) -> dict[str, Weights]:
    out = layer.integer(0)
    weights = {"weight": reader.tagged(layer.integer(2)).reshape(out, -1, 1, 1)}
    if layer.integer(1):
        weights["bias"] = reader.plain(out)
    return weights


def _prelu(layer: Layer, reader: _WeightReader) -> dict[str, Weights]:
    return {"slope": reader.plain(layer.integer(0))}


def _memory_data(layer: Layer, reader: _WeightReader) -> dict[str, Weights]:
    width, height, channels = (layer.integer(number) for number in (0, 1, 2))
    return {"data": reader.plain(width * height * channels).reshape(channels, height, width)}


def _no_weights(layer: Layer, reader: _WeightReader) -> dict[str, Weights]:  # noqa: ARG001 - one signature for all
    return {}


def _scale(layer: Layer, reader: _WeightReader) -> dict[str, Weights]:
    # Only the form that takes its factors from a second blob is in use; it stores nothing.
    if layer.integer(0) != -233:
        raise GraphError(f"{layer.name}: a Scale with stored factors is not supported")
    return _no_weights(layer, reader)


_LOADERS: dict[str, Callable[[Layer, _WeightReader], dict[str, Weights]]] = {
    "BinaryOp": _no_weights,
    "Concat": _no_weights,
    "Convolution": _convolution,
    "Crop": _no_weights,
    "Deconvolution": _convolution,
    "Eltwise": _no_weights,
    "InnerProduct": _inner_product,
    "Input": _no_weights,
    "Interp": _no_weights,
    "MemoryData": _memory_data,
    "PReLU": _prelu,
    "PixelShuffle": _no_weights,
    "Pooling": _no_weights,
    "Scale": _scale,
    "Sigmoid": _no_weights,
    "Split": _no_weights,
    "Swish": _no_weights,
}


def _with_weights(layers: list[Layer], reader: _WeightReader) -> list[Layer]:
    loaded = []
    for layer in layers:
        if layer.kind not in _LOADERS:
            raise GraphError(f"layers of kind {layer.kind} are not supported")
        weights = _LOADERS[layer.kind](layer, reader)
        loaded.append(Layer(layer.kind, layer.name, layer.inputs, layer.outputs, layer.params, weights))
    reader.finish()
    return loaded

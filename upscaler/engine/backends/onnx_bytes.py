"""The bytes of an ONNX file: its messages in the encoding of Protocol Buffers.

The few fields that these models need are written by their numbers (see ``onnx.proto``); the package ``onnx`` would be a
large dependency for them. The tests read the result with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

_VARINT, _BYTES, _FIXED32 = 0, 2, 5
# TensorProto.DataType
_TYPES = {np.dtype(np.float32): 1, np.dtype(np.int64): 7}
# AttributeProto.AttributeType
_FLOAT, _INT, _STRING, _INTS = 1, 2, 3, 7
# Version 18 of the operators takes the axes of a mean as an input.
_OPSET, _IR_VERSION = 18, 10

Attribute = int | float | str | list[int]


def node(kind: str, inputs: Iterable[str], output: str, attributes: Mapping[str, Attribute]) -> bytes:
    """Return a ``NodeProto``; an input of the name "" is one that is left out."""
    return b"".join(
        [
            *(_text(1, name) for name in inputs),
            _text(2, output),
            _text(4, kind),
            *(_field(5, _attribute(name, value)) for name, value in attributes.items()),
        ]
    )


def tensor(name: str, values: NDArray[Any]) -> bytes:
    """Return a ``TensorProto`` of float32 or int64."""
    dimensions = b"".join(_number(1, side) for side in values.shape)
    little = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
    return dimensions + _number(2, _TYPES[values.dtype]) + _text(8, name) + _field(9, little.tobytes())


def image(name: str, channels: int | None) -> bytes:
    """Return a ``ValueInfoProto`` of float32 (1, channels, height, width); sides that may vary have names."""
    sides = [
        _number(1, 1),
        _text(2, "channels") if channels is None else _number(1, channels),
        *(_text(2, side) for side in ("height", "width")),
    ]
    shape = b"".join(_field(1, side) for side in sides)
    of_type = _number(1, _TYPES[np.dtype(np.float32)]) + _field(2, shape)
    return _text(1, name) + _field(2, _field(1, of_type))


def model(nodes: Iterable[bytes], tensors: Iterable[bytes], entry: bytes, result: bytes) -> bytes:
    """Return a ``ModelProto``, which is the content of a file."""
    graph = b"".join(
        [
            *(_field(1, one) for one in nodes),
            _text(2, "model"),
            *(_field(5, one) for one in tensors),
            _field(11, entry),
            _field(12, result),
        ]
    )
    operators = _text(1, "") + _number(2, _OPSET)
    return _number(1, _IR_VERSION) + _field(7, graph) + _field(8, operators)


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, float):
        found = _key(2, _FIXED32) + np.float32(value).astype("<f4").tobytes() + _number(20, _FLOAT)
    elif isinstance(value, int):
        found = _number(3, value) + _number(20, _INT)
    elif isinstance(value, str):
        found = _text(4, value) + _number(20, _STRING)
    else:
        found = b"".join(_number(8, one) for one in value) + _number(20, _INTS)
    return _text(1, name) + found


def _field(number: int, content: bytes) -> bytes:
    return _key(number, _BYTES) + _varint(len(content)) + content


def _text(number: int, text: str) -> bytes:
    return _field(number, text.encode())


def _number(number: int, value: int) -> bytes:
    return _key(number, _VARINT) + _varint(value)


def _key(number: int, wire_type: int) -> bytes:
    return _varint(number << 3 | wire_type)


def _varint(value: int) -> bytes:
    """Return a whole number from 0 on, seven bits a byte, the lowest first."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)

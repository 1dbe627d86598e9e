"""A check of an ONNX file before a library reads it: all of it must lie in this one file.

ONNX lets a tensor name another file that holds its data, by any path. An untrusted model could so make the service read
any file that it has access to. The few fields that matter are followed here by their numbers (see ``onnx.proto``);
the package ``onnx`` would be a large dependency for one flag.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping
from pathlib import Path

from upscaler.errors import N_, ModelRefused

# For each kind of message, the fields that lead to tensors, and the kind of their content.
_CHILDREN: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_VARINT_BYTES = 10


def check_onnx_file(path: Path) -> None:
    """Raise ``ModelRefused`` for a file that is no ONNX model, or whose weights lie in other files."""
    if path.stat().st_size == 0:
        raise ModelRefused(N_("The model was refused: it is not an ONNX file, or it is incomplete."))
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        try:
            has_graph = _walk(content)
        except (IndexError, ValueError):
            has_graph = False
    if not has_graph:
        raise ModelRefused(N_("The model was refused: it is not an ONNX file, or it is incomplete."))


def _walk(content: mmap.mmap) -> bool:
    """Visit every tensor; return whether there is a graph. Raise ``ValueError`` or ``IndexError`` for a bad file."""
    waiting = [("model", 0, len(content))]
    has_graph = False
    while waiting:
        kind, start, stop = waiting.pop()
        for number, wire, first, last in _fields(content, start, stop):
            if kind == "tensor" and (
                number == _EXTERNAL_DATA or (number == _DATA_LOCATION and wire == _VARINT and first)
            ):
                raise ModelRefused(
                    N_("The model was refused: its weights are in separate files. Save it as one ONNX file.")
                )
            child = _CHILDREN[kind].get(number)
            if child is None:
                continue
            if wire != _BYTES:
                raise ValueError("a field of another wire type")
            has_graph = has_graph or (kind, child) == ("model", "graph")
            waiting.append((child, first, last))
    return has_graph


def _fields(content: mmap.mmap, start: int, stop: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield number and wire type of each field with the range of its bytes, or with its value if it is a number."""
    at = start
    while at < stop:
        key, at = _varint(content, at)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, at = _varint(content, at)
            yield number, wire, value, at
            continue
        if wire == _BYTES:
            length, at = _varint(content, at)
        elif wire in (_FIXED64, _FIXED32):
            length = 8 if wire == _FIXED64 else 4
        else:
            raise ValueError(f"wire type {wire}")
        if number == 0 or at + length > stop:
            raise ValueError("a field that reaches beyond its message")
        yield number, wire, at, at + length
        at += length


def _varint(content: mmap.mmap, at: int) -> tuple[int, int]:
    value = 0
    for index in range(_MAX_VARINT_BYTES):
        byte = content[at + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, at + index + 1
    raise ValueError("a number that does not end")

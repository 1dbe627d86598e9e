"""Leave residual blocks of an RRDB network out and put one convolution in the place of each run of them.

It works on the bytes of ncnn's files: what stays is copied, so that the same input always gives the same files.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from upscaler.engine.model_zoo.ncnn_graph import GraphError

# In front of the first block stand the input, a convolution and a Split; a Split stands between blocks.
_FIRST, _LAYERS, _STRIDE = 3, 42, 43
_LAST = "Eltwise"
_HEADER_LINES = 2
_CHANNELS, _KERNEL = 64, 3
_WEIGHTS = _CHANNELS * _CHANNELS * _KERNEL**2
# A tag, half floats and a bias in float32, as ncnn keeps a convolution.
RECORD_BYTES = 4 + 2 * _WEIGHTS + 4 * _CHANNELS
HALF_FLOATS = 0x01306B47


class Run(NamedTuple):
    """Blocks that one convolution stands for: the numbers of the first and the last, counted from 0."""

    first: int
    last: int


class Files(NamedTuple):
    """The contents of a ``.param`` and of a ``.bin`` file."""

    param: str
    bin: bytes


def without_blocks(param: Path, weights: Path, runs: Sequence[Run], records: bytes) -> Files:
    """Return the network's files without the blocks of ``runs``.

    Args:
        param: of the whole network.
        weights: of the whole network.
        runs: in order, the first one not at the network's first block.
        records: for each run its convolution, as a ``.bin`` file keeps it.

    Raises:
        GraphError: the network has no such blocks, or the convolutions are not as many.

    """
    if len(records) != RECORD_BYTES * len(runs):
        raise GraphError(f"{len(records)} bytes of convolutions for {len(runs)} runs of blocks")
    lines = param.read_text("ascii").splitlines()[_HEADER_LINES:]
    sizes = [_stored_bytes(line.split()) for line in lines]
    content = weights.read_bytes()
    starts = [sum(sizes[:number]) for number in range(len(sizes) + 1)]
    if starts[-1] != len(content):
        raise GraphError(f"{len(content)} bytes of weights in place of {starts[-1]}")
    # The sum behind all blocks reads the first Split, so that the first block stays.
    done = _FIRST
    kept_lines = lines[:done]
    kept = [content[: starts[done]]]
    for number, run in enumerate(runs):
        # The Split in front goes as well: the convolution is the only one to read what it gave to several.
        first, last = _FIRST + _STRIDE * run.first - 1, _FIRST + _STRIDE * run.last + _LAYERS - 1
        if not (done <= first < last < len(lines) and _is(lines[first], "Split") and _is(lines[last], _LAST)):
            raise GraphError(f"there are no blocks {run.first} to {run.last}")
        read, written = lines[first].split()[4], lines[last].split()[6]
        kept_lines += [*lines[done:first], _convolution(number, read, written)]
        kept += [content[starts[done] : starts[first]], records[RECORD_BYTES * number :][:RECORD_BYTES]]
        done = last + 1
    kept_lines += lines[done:]
    kept.append(content[starts[done] :])
    blobs = sum(int(line.split()[3]) for line in kept_lines)
    return Files("\n".join(["7767517", f"{len(kept_lines)} {blobs}", *kept_lines, ""]), b"".join(kept))


def _is(line: str, kind: str) -> bool:
    return line.split(maxsplit=1)[0] == kind


def _convolution(number: int, read: str, written: str) -> str:
    name = f"fitted_{number}"
    return f"Convolution {name} 1 1 {read} {written} 0={_CHANNELS} 1={_KERNEL} 4=1 5=1 6={_WEIGHTS}"


def _stored_bytes(fields: Sequence[str]) -> int:
    """Return how many bytes of a ``.bin`` file in half floats a layer takes; only convolutions have weights here."""
    if fields[0] != "Convolution":
        return 0
    params = dict(item.split("=") for item in fields if "=" in item)
    weights, biases = int(params["6"]), int(params["0"]) * int(params.get("5", 0))
    return 4 + -(-2 * weights // 4) * 4 + 4 * biases

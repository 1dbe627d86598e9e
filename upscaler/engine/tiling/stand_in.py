"""The stand-in for a model that strays: where its result leaves its input, other models' result takes its place."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from upscaler.engine.backends.base import Result, Window
from upscaler.engine.tiling.tiles import Span

# Levels by which the mean of an input pixel's block may leave the pixel. SPAN on photographs and pages of text, also
# reduced: 41; where it strays, up to 160,000.
_MEAN_LEVELS = 48
# Levels by which a block may leave the range of the pixel and its eight neighbours, besides the range itself up to a
# limit. SPAN on the same: 32 on even ground, 137 elsewhere, and 1 in 20,000 pixels more than this permits; on pixel
# art 730 on even ground.
_BEYOND_LEVELS = 40
_BEYOND_MOST = 128
# Input pixels around what strayed that are replaced as well, and that the result is faded over; both lie within the
# overlap of two windows.
_GROWN = 8
_FADED = 4
# Pixels that are less apart than a cell's side are in the same patch: what is changed around them overlaps.
_CELL = 2 * (_GROWN + _FADED)


class Patch(NamedTuple):
    """A part of a window where a stand-in takes a model's place.

    Attributes:
        rows, columns: what ``blended`` changes, with a margin to be read.
        where: bool, of that part without the margin: what strayed.
    """

    rows: Span
    columns: Span
    where: NDArray[np.bool_]


def patches(where: NDArray[np.bool_], margin: int) -> list[Patch]:
    """Return the parts of a window around the pixels ``where`` that strayed, each to be read with a margin.

    Pixels far from each other have patches of their own, unless those were more to read than one around all.
    """
    height, width = where.shape
    tops, lefts = range(0, height, _CELL), range(0, width, _CELL)
    cells = np.logical_or.reduceat(np.logical_or.reduceat(where, tops, axis=0), lefts, axis=1)
    groups = np.zeros(cells.shape, np.int_)
    for number, group in enumerate(_connected(cells), start=1):
        groups[tuple(np.transpose(list(group)))] = number
    groups = groups.repeat(_CELL, axis=0).repeat(_CELL, axis=1)[:height, :width]
    apart = [_patch(where & (groups == number), margin) for number in range(1, groups.max() + 1)]
    together = _patch(where, margin)
    return apart if sum(map(_read_pixels, apart)) < _read_pixels(together) else [together]


def _connected(cells: NDArray[np.bool_]) -> Iterator[set[tuple[int, int]]]:
    """Yield the places of cells that are True, those beside each other together."""
    left = {(int(row), int(column)) for row, column in np.argwhere(cells)}
    while left:
        group: set[tuple[int, int]] = set()
        found = {left.pop()}
        while found:
            group |= found
            beside = {
                (row + down, column + right) for row, column in found for down, right in np.ndindex(3, 3)
            }
            found = {(row - 1, column - 1) for row, column in beside} & left
            left -= found
        yield group


def _patch(where: NDArray[np.bool_], margin: int) -> Patch:
    spans = []
    for axis in (0, 1):
        found = np.flatnonzero(where.any(axis=1 - axis))
        start = max(int(found[0]) - _GROWN - _FADED, 0)
        stop = min(int(found[-1]) + 1 + _GROWN + _FADED, where.shape[axis])
        spans.append(Span(start, stop, start - margin, stop + margin))
    rows, columns = spans
    return Patch(rows, columns, where[rows.start : rows.stop, columns.start : columns.stop])


def _read_pixels(patch: Patch) -> int:
    sides = (span.read_stop - span.read_start for span in (patch.rows, patch.columns))
    return math.prod(sides)


def strayed(result: Result, window: Window, scale: int) -> NDArray[np.bool_]:
    """Return which pixels of a window, (height, width), a model has upscaled to something else.

    Args:
        result: levels (height * scale, width * scale, 3), which need not be finite.
        window: levels (height, width, 3).
        scale: of the model.
    """
    pixels = window.astype(np.float32)
    low, high = _of_neighbours(np.minimum, pixels), _of_neighbours(np.maximum, pixels)
    most = np.minimum(_BEYOND_LEVELS + high - low, _BEYOND_MOST)
    with np.errstate(invalid="ignore", over="ignore"):
        # Asked for what is right, for comparisons with NaN are false.
        sound = np.abs(_of_blocks(np.add, result, scale) / scale**2 - pixels) <= _MEAN_LEVELS
        sound &= _of_blocks(np.minimum, result, scale) >= low - most
        sound &= _of_blocks(np.maximum, result, scale) <= high + most
    return np.asarray(~sound.all(axis=2))


def blended(result: Result, other: Result, where: NDArray[np.bool_], scale: int) -> Result:
    """Return a result with ``other``, of the same shape, in and around the input pixels ``where``."""
    grown = _mean_around(where.astype(np.float32), _GROWN) > 0
    share = _mean_around(grown.astype(np.float32), _FADED)
    share = share.repeat(scale, axis=0).repeat(scale, axis=1)[..., np.newaxis]
    kept = np.nan_to_num(result, nan=0.0, posinf=0.0, neginf=0.0)
    return np.asarray(other * share + kept * (1 - share), np.float32)


def _of_blocks(combine: np.ufunc, result: Result, scale: int) -> NDArray[np.float32]:
    """Return what each block of ``scale`` by ``scale`` pixels combines to, (height / scale, width / scale, 3).

    Rows first, and then columns one by one: a reduction over short axes takes ten times as long.
    """
    height, width, channels = result.shape
    rows = combine.reduce(result.reshape(height // scale, scale, width * channels), axis=1)
    blocks = rows.reshape(height // scale, width // scale, scale, channels)
    return np.asarray(reduce(combine, (blocks[:, :, column] for column in range(scale))))


def _of_neighbours(extreme: np.ufunc, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the extreme of each pixel and its eight neighbours, of the same shape."""
    for axis in (0, 1):
        pads = [(1, 1) if axis == here else (0, 0) for here in (0, 1, 2)]
        padded, length = np.pad(pixels, pads, mode="edge"), pixels.shape[axis]
        three = (padded.take(range(shift, shift + length), axis=axis) for shift in (0, 1, 2))
        pixels = extreme(extreme(next(three), next(three)), next(three))
    return pixels


def _mean_around(values: NDArray[np.float32], radius: int) -> NDArray[np.float32]:
    """Return the mean of the square of ``2 * radius + 1`` pixels around each, of the same shape."""
    side = 2 * radius + 1
    for axis in (0, 1):
        pads = [(radius + 1, radius) if axis == here else (0, 0) for here in (0, 1)]
        sums = np.cumsum(np.pad(values, pads, mode="edge"), axis=axis, dtype=np.float64)
        length = values.shape[axis]
        difference = sums.take(range(side, side + length), axis=axis) - sums.take(range(length), axis=axis)
        values = np.asarray(difference / side, np.float32)
    return values

"""The stand-in for a model that strays: where its result leaves its input, other models' result takes its place."""

from __future__ import annotations

from functools import reduce

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


def bounds(where: NDArray[np.bool_], margin: int) -> tuple[Span, Span]:
    """Return the rows and columns that ``blended`` changes around the pixels ``where``, with a margin to be read."""
    spans = []
    for axis in (0, 1):
        found = np.flatnonzero(where.any(axis=1 - axis))
        start = max(int(found[0]) - _GROWN - _FADED, 0)
        stop = min(int(found[-1]) + 1 + _GROWN + _FADED, where.shape[axis])
        spans.append(Span(start, stop, start - margin, stop + margin))
    return spans[0], spans[1]


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

"""The seam check: steps between tiles, where one is brighter than its neighbour or is displaced."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from upscaler.engine.imaging.image import Pixels, to_luma, white_of
from upscaler.engine.tiling.tiles import Span
from upscaler.errors import OutputRejected

_Levels = NDArray[np.float32]

# Input pixels on each side of a boundary that are compared, in two bands.
_REACH = 8
_BAND = _REACH // 2
# Input pixels of a boundary that form one part; the median of the parts decides.
_PART = 16

# A tile is shifted when the result departs from the source by more on one side of the boundary than on the other, in
# levels. Models do so by themselves where the source is noisy or has an edge at the boundary, and where they do it
# inside the tiles as well. Of all that these explain 0.83 was the most that was seen of seven recipes, among them both
# RRDB models, in tiles of 48 px on photographs, text, gratings, chequerboards, blocks of colour, pure noise,
# noisy photographs and JPEGs of quality 20 (that one by cunet's strongest noise removal); 0.7 on photographs as they
# are, where a shift by 5 levels was always found. Short boundaries say less: at 13 and 17 px it was 1.1, by cunet's
# strongest noise removal on a grating of one pixel; from 24 px on 0.6 at most.
LEAST_SHIFT = 3.0
MOST_SHIFT, MOST_SHIFT_IF_SHORT = 1.0, 1.6
_SHORT = 24
_PER_UNCERTAINTY = 3.0
_PER_EDGE = 0.1
# A tile is displaced when the step across the boundary is so many times those beside it, and the source's is not.
# 2.85 was the most that was seen, of x4plus on text; 1.3 on photographs.
MOST_RATIO = 4.0
# A tile is displaced as well when what is in it moved by so many input pixels. 0.73 was the most that was seen, on
# random blocks of colour; 0.2 on photographs. Where a boundary has little detail, no bound shows a displacement.
MOST_MOVED = 1.0
# Share of the difference to the source that a real movement explains.
_EXPLAINED = 0.25
# Mean square of the slope, in levels per pixel, below which a place has too little detail to detect a movement by.
_SLOPE = 8.0
# Steps on each side of the boundary that the one across it is compared with, as many input pixels apart.
_STEPS = 3
# Levels that are added to both steps of a ratio, or flat areas would decide by their rounding.
_FLAT_STEP = 1.0


class SeamCheck:
    """A comparison of both sides of each boundary between tiles, as they are finished.

    Args:
        source: uint8 or uint16 (H, W, 3).
        out: (H * scale, W * scale, 3 or 1) of the same type; one channel is luma.
        scale: output side per input side.
        rows: the tiles' spans from the top.
        columns: their spans from the left.
    """

    def __init__(
        self, source: Pixels, out: Pixels, scale: int, rows: Sequence[Span], columns: Sequence[Span]
    ) -> None:
        self._source = source
        self._out = out
        self._scale = scale
        self._rows = rows
        self._columns = columns

    def row_done(self, number: int) -> None:
        """Check the boundaries within row ``number`` of the tiles, and those to the row above.

        Raises:
            OutputRejected: one of them is visible.

        """
        row = self._rows[number]
        for column in self._columns[1:]:
            self._check(row, column.start, transposed=False)
        if number > 0:
            for column in self._columns:
                self._check(column, row.start, transposed=True)

    def _check(self, along: Span, at: int, *, transposed: bool) -> None:
        """Check the boundary ``at`` pixels from the left, or from the top where ``transposed``."""
        source, out = (
            pixels.transpose(1, 0, 2) if transposed else pixels for pixels in (self._source, self._out)
        )
        reach = slice(max(0, at - _REACH), at + _REACH)
        before = _levels(source[along.start : along.stop, reach])
        after = _levels(
            out[
                along.start * self._scale : along.stop * self._scale,
                reach.start * self._scale : reach.stop * self._scale,
            ]
        )
        if before.shape[1] < 2 * _REACH or len(before) < _REACH:
            # Too few pixels to decide. Such tiles exist in images that are hardly larger than one, or very low.
            return
        if after.shape[2] == 1:
            before = to_luma(before)
        if is_seam(before, after, self._scale):
            place = (along.start, at) if transposed else (at, along.start)
            raise OutputRejected(reason=f"there is a step between tiles at {place} of the input")


def is_seam(before: _Levels, after: _Levels, scale: int) -> bool:
    """Return whether the result has a step in the middle that the source has not.

    Args:
        before: float32 levels (length, 16, channels) of the source, the boundary between tiles in the middle.
        after: the same of the result, ``scale`` times as long and wide.
        scale: output side per input side.
    """
    downscaled = np.asarray(
        after.reshape(len(before), scale, 2 * _REACH, scale, -1).mean(axis=(1, 3)), np.float32
    )
    return (
        shift(before, downscaled) > (MOST_SHIFT_IF_SHORT if len(before) < _SHORT else MOST_SHIFT)
        or ratio(before, after, scale) > MOST_RATIO
        or movement(before, downscaled) > MOST_MOVED
    )


def _levels(pixels: Pixels) -> _Levels:
    """Return levels from 0 to 255."""
    return pixels.astype(np.float32) / np.float32(white_of(pixels) / 255)


def shift(before: _Levels, downscaled: _Levels) -> float:
    """Return how much more the result departs from the source on one side, as a share of the explained departure.

    ``downscaled`` is the result at the source's size.
    """
    bands = (downscaled - before).reshape(len(before), 2 * _REACH // _BAND, _BAND, -1).mean(axis=2)
    steps = np.diff(bands, axis=1)
    typical = np.median(steps, axis=0)
    left, across, right = np.abs(typical)
    scatter = np.median(np.abs(steps[:, 1] - typical[1]), axis=0)
    # The standard error of a median, from the median deviation of normally distributed values.
    uncertainty = 1.2533 * 1.4826 * scatter / np.sqrt(len(before))
    # Of the strongest channel: at an edge a model changes the others as well.
    edge = np.median(np.abs(before[:, _REACH] - before[:, _REACH - 1]).max(axis=1))
    explained = LEAST_SHIFT + np.maximum(left, right) + _PER_UNCERTAINTY * uncertainty + _PER_EDGE * edge
    return float((across / explained).max())


def movement(before: _Levels, downscaled: _Levels) -> float:
    """Return by how many pixels the content of either side has moved, by least squares.

    It is less where there is too little detail to show a movement, or where one explains little of the difference.
    """
    slopes = [(ours + theirs) / 2 for ours, theirs in zip(_slopes(before), _slopes(downscaled), strict=True)]
    difference = downscaled - before
    furthest = 0.0
    # Slopes are undefined at the ends, and mix both sides at the boundary.
    for side in (slice(1, _REACH - 1), slice(_REACH + 1, -1)):
        down, across, moved = (part[1:-1, side] for part in (*slopes, difference))
        # A side that is only brighter has not moved.
        moved = moved - moved.mean(axis=(0, 1))
        least = _SLOPE * moved.size
        system = [
            [float((down * down).sum()) + least, float((down * across).sum())],
            [float((down * across).sum()), float((across * across).sum()) + least],
        ]
        wanted = np.array([float((down * moved).sum()), float((across * moved).sum())])
        found = np.linalg.solve(system, wanted)
        explained = float(found @ wanted) / (float((moved**2).sum()) + least)
        furthest = max(furthest, float(np.hypot(*found)) * min(1.0, explained / _EXPLAINED))
    return furthest


def _slopes(levels: _Levels) -> tuple[_Levels, _Levels]:
    """Return the slopes downwards and to the right, in levels per pixel."""
    down, across = np.gradient(levels, axis=(0, 1))
    return np.asarray(down, np.float32), np.asarray(across, np.float32)


def ratio(before: _Levels, after: _Levels, scale: int) -> float:
    """Return the step across the boundary as a multiple of those beside it, relative to that of the source.

    Models that upscale by rearranging channels have a pattern that repeats with each pixel of the source, so steps
    at the same place of the pattern are compared.
    """
    parts = max(1, len(before) // _PART)
    found, known = _excess(after, scale, parts), np.maximum(_excess(before, 1, parts), 1)
    return float(np.median(found / known))


def _excess(levels: _Levels, scale: int, parts: int) -> NDArray[np.float64]:
    """Return, for each part of the boundary, the step across it as a multiple of the mean of those beside it."""
    places = scale * (_REACH + np.arange(-_STEPS, _STEPS + 1))
    steps = np.abs(levels[:, places] - levels[:, places - 1]).mean(axis=2)
    bounds = np.linspace(0, len(steps), parts + 1).astype(np.int64)
    sums = np.add.reduceat(steps, bounds[:-1], axis=0, dtype=np.float64)
    means = sums / np.diff(bounds)[:, np.newaxis] + _FLAT_STEP
    across = means[:, _STEPS]
    return np.asarray(across / ((means.sum(axis=1) - across) / (2 * _STEPS)))

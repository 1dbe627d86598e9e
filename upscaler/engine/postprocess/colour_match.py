"""Bring the tones of an upscaled image back to those of its input.

Networks shift tones: realesrgan-x4plus darkens photographs by 1 to 3.6 of 255 levels on average, and tints
grey areas. Only slow changes are corrected: the upscaled image, reduced to the size of the input, is to have the mean
of the input in each block of 32 x 32 input pixels. What is added is linear between the blocks' centres, so it has no
edges, and is shared out within a block by how much the upscaled image differs there.

Noise that a network removed must not come back. It leaves a difference of means as well, of about its standard
deviation divided by 32, which differs from cell to cell, while tones shift over larger areas or by more than that. So
what a cell has beyond its smoothed neighbourhood counts by how far it stands out of the noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from upscaler.engine.imaging.image import Pixels
from upscaler.engine.postprocess.block_means import Bounds, CellSums

_CELL_PIXELS = 32
# Side of the parts of a cell among which a correction is shared out.
_PART_PIXELS = 8
# How many times its share of a cell's correction a part may get.
_MOST_SHARES = 2.0
# More, in levels of 255, is no shift of tone: it stays, so that the check of the result finds what is wrong.
# Photographs need 6; waifu2x's photo network on a grating of one pixel needs more than 32 to be taken for right.
_MOST_LEVELS = 40.0
# Standard errors of a cell's mean that count as noise: differences within them are left to the smoothed neighbourhood.
_NOISE_ERRORS = 3.0
# The mean over a cell of what is linear between centres: the shares of its own centre and of its neighbours'.
_BETWEEN_CENTRES = np.array([1, 6, 1]) / 8
# Undoes it: the inverse, r**|k| / sqrt(1/2) with r = sqrt(8) - 3, cut off after two cells and scaled to a sum of one.
_SHARPENING = np.array([0.04113, -0.23973, 1.3972, -0.23973, 0.04113])
_SMOOTHING = np.array([0.25, 0.5, 0.25])
# Cells on either side that what lies between two centres depends on: the next centre, and what the filters see from it.
_REACH = 1 + (len(_SMOOTHING) + len(_BETWEEN_CENTRES) + len(_SHARPENING) - 3) // 2

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

_TINY = np.finfo(np.float64).tiny


class ToneGrid:
    """Difference of tone between an image and its upscaled image, on a grid of 32 px cells.

    The upscaled image passes by in full rows from the top. A row can be corrected once the cells around it were seen.
    """

    def __init__(self, height: int, width: int, channels: int, scale: int) -> None:
        self._scale = scale
        self._height = height
        self._rows, self._columns = _Axis.along(height), _Axis.along(width)
        bounds = (self._rows.parts, self._columns.parts)
        self._sums = CellSums(*bounds, channels)
        self._squares = CellSums(*bounds, channels)
        self._sizes = CellSums(*bounds, 1)
        self._seen = 0
        self._between_columns = _between_centres(self._columns.parts, np.arange(width * scale), scale)

    def observe(self, source: Pixels, result: Pixels) -> None:
        """Add the next rows: (n, width, channels) of the image and their (n * scale, width * scale, channels)."""
        # Whole numbers, so that it does not matter in which parts the image comes.
        # Squares of 8-bit differences fit in 32 bits up to 13 times the size.
        whole = np.int32 if source.dtype == np.uint8 and self._scale <= 13 else np.int64
        difference = source.astype(whole) * self._scale**2 - _block_sums(result, self._scale).astype(whole)
        self._sums.add(self._seen, 0, difference)
        self._squares.add(self._seen, 0, difference * difference)
        self._sizes.add(self._seen, 0, np.abs(difference).sum(axis=2, keepdims=True))
        self._seen += source.shape[0]

    @property
    def final_rows(self) -> int:
        """How many rows of the result, from the top, can be corrected now."""
        if self._seen == self._height:
            return self._height * self._scale
        complete = int(np.searchsorted(self._rows.cells, self._seen, "right")) - 1
        # A row above the centre of a cell lies between two parts, the second of which needs the next cell's centre.
        last = complete - 1 - _REACH
        return (
            int((self._rows.cells[last] + self._rows.cells[last + 1]) * self._scale // 2) if last >= 0 else 0
        )

    def corrected(self, top: int, strip: Pixels) -> Pixels:
        """Return rows of the upscaled image, the first of which is row ``top``, with their tones corrected."""
        lower, share = _between_centres(self._rows.parts, np.arange(top, top + strip.shape[0]), self._scale)
        # As much of the grid as these rows depend on: all of it would be much for each strip of a large image.
        first, last = self._rows.cell_of(lower[0]) - _REACH, self._rows.cell_of(lower[-1] + 1) + _REACH
        rows = self._rows.between(first, last + 1)
        field = self._field(rows, _MOST_LEVELS * np.iinfo(strip.dtype).max / 255)
        lower -= rows.first_part
        upper = np.minimum(lower + 1, field.shape[0] - 1)
        # Adding less than half a level to whole levels changes nothing.
        if float(np.abs(field[lower[0] : upper[-1] + 1]).max()) < 0.5:
            return strip
        # Along the rows first: there are few rows of parts, and many of pixels between them.
        columns, shares = self._between_columns
        wide = field[lower[0] : upper[-1] + 1]
        after = np.minimum(columns + 1, wide.shape[1] - 1)
        wide = wide[:, columns] * (1 - shares[:, np.newaxis]) + wide[:, after] * shares[:, np.newaxis]
        return _add(strip, wide, (lower - lower[0], upper - lower[0], share))

    def _field(self, rows: _Axis, most: float) -> Floats:
        """Return what is to be added at the centre of each part of some rows of cells; at most ``most`` for a cell."""
        seen = slice(rows.first_part, rows.first_part + len(rows.parts) - 1)
        sums, squares, sizes = (found.means(seen) for found in (self._sums, self._squares, self._sizes))
        areas = np.outer(np.diff(rows.parts), np.diff(self._columns.parts))[..., np.newaxis]
        grid = _Grid(rows, self._columns, areas)
        means = grid.means(sums) / self._scale**2
        variances = np.maximum(grid.means(squares) / self._scale**4 - means**2, 0)
        noise = _NOISE_ERRORS**2 * variances / grid.cell_areas
        smooth = _filtered(means, _SMOOTHING)
        own = means - _filtered(smooth, _BETWEEN_CENTRES)
        certain = own**4 / np.maximum(own**4 + noise**2, _TINY)
        centres = np.clip(smooth + _filtered(certain * own, _SHARPENING), -most, most)
        # Where nothing differs nothing is to be corrected: a white page stays white around what is printed on it.
        shares = np.minimum(sizes / np.maximum(grid.parts(grid.means(sizes)), _TINY), 1)
        shares *= np.minimum(1 / np.maximum(grid.parts(grid.means(shares)), _TINY), _MOST_SHARES)
        return np.asarray(grid.between_centres(centres) * shares, np.float32)


@dataclass(frozen=True)
class _Axis:
    """Cells of 32 pixels along a side, and their parts.

    Attributes:
        cells: where cells begin, and where the last one ends; that of the side takes what is less than half of one.
        parts: the same of the parts, each of which lies in one cell.
        counts: of the parts of each cell.
        first_part: number of the first part among those of the whole side.
    """

    cells: Bounds
    parts: Bounds
    counts: Bounds
    first_part: int = 0

    @classmethod
    def along(cls, side: int) -> _Axis:
        """Return all of a side of so many pixels."""
        count = max(1, (side + _CELL_PIXELS // 2) // _CELL_PIXELS)
        cells = np.array([*range(0, count * _CELL_PIXELS, _CELL_PIXELS), side], np.int64)
        counts = np.maximum(np.diff(cells) // _PART_PIXELS, 1)
        inner = [
            np.linspace(start, stop, parts, endpoint=False)
            for start, stop, parts in zip(cells[:-1], cells[1:], counts, strict=True)
        ]
        return cls(cells, np.append(np.rint(np.concatenate(inner)), side).astype(np.int64), counts)

    @property
    def firsts(self) -> Bounds:
        """Number of the first part of each cell."""
        return np.cumsum(self.counts) - self.counts

    def cell_of(self, part: int) -> int:
        """Return the number of the cell that a part lies in, of the last one for a part beyond it."""
        return int(np.searchsorted(self.firsts, part, "right")) - 1

    def between(self, first: int, stop: int) -> _Axis:
        """Return some of the cells, as far as there are such."""
        first, stop = max(first, 0), min(stop, len(self.counts))
        counts = self.counts[first:stop]
        part = int(self.firsts[first])
        parts = self.parts[part : part + int(counts.sum()) + 1]
        return _Axis(self.cells[first : stop + 1], parts, counts, self.first_part + part)


@dataclass(frozen=True)
class _Grid:
    """Cells and their parts along both sides; ``areas`` are those of the parts in pixels, (rows, columns, 1)."""

    rows: _Axis
    columns: _Axis
    areas: NDArray[np.int64]

    @property
    def cell_areas(self) -> Doubles:
        """Pixels of each cell."""
        return self._sums(self.areas)

    def means(self, parts: Doubles) -> Doubles:
        """Return the mean of each cell from those of its parts."""
        return self._sums(parts * self.areas) / self.cell_areas

    def parts(self, cells: Doubles) -> Doubles:
        """Give each part what its cell has."""
        return cells.repeat(self.rows.counts, axis=0).repeat(self.columns.counts, axis=1)

    def between_centres(self, cells: Doubles) -> Doubles:
        """Return what lies at the centre of each part when it is linear between the centres of the cells."""
        for axis, along in enumerate((self.rows, self.columns)):
            centres = (along.parts[:-1] + along.parts[1:]) / 2
            before, share = _between(along.cells, centres)
            after = np.minimum(before + 1, len(along.counts) - 1)
            weight = share.reshape([-1, 1, 1] if axis == 0 else [1, -1, 1])
            cells = cells.take(before, axis) * (1 - weight) + cells.take(after, axis) * weight
        return cells

    def _sums(self, parts: NDArray[Any]) -> Doubles:
        by_rows = np.add.reduceat(parts, self.rows.firsts, axis=0)
        return np.asarray(np.add.reduceat(by_rows, self.columns.firsts, axis=1), np.float64)


def _block_sums(result: Pixels, scale: int) -> Floats:
    """Return the sum of each block of ``scale`` x ``scale`` pixels, exactly: below 2**24 in float32."""
    height, width, channels = result.shape
    rows = result.reshape(height // scale, scale, width * channels).sum(axis=1, dtype=np.float32)
    blocks = rows.reshape(-1, scale * channels) @ np.tile(np.eye(channels, dtype=np.float32), (scale, 1))
    return np.asarray(blocks.reshape(height // scale, width // scale, channels), np.float32)


def _filtered(field: Doubles, kernel: Doubles) -> Doubles:
    """Filter along both axes; beyond its edges the field goes on as it is there."""
    reach = len(kernel) // 2
    for axis in (0, 1):
        field = np.moveaxis(field, axis, 0)
        padded = np.concatenate([*[field[:1]] * reach, field, *[field[-1:]] * reach])
        weighted = [weight * padded[start : start + len(field)] for start, weight in enumerate(kernel)]
        field = np.moveaxis(np.sum(weighted, axis=0), 0, axis)
    return field


def _between_centres(bounds: Bounds, pixels: NDArray[np.int64], scale: int) -> tuple[Bounds, Floats]:
    """Return, for each given pixel of the result, the centre before it and how far it is to the next, 0 to 1."""
    before, share = _between(bounds, (pixels + 0.5) / scale)
    return before, share.astype(np.float32)


def _between(bounds: Bounds, places: Doubles) -> tuple[Bounds, Doubles]:
    """Return the same for places in pixels of the image."""
    centres = (bounds[:-1] + bounds[1:]) / 2
    found = np.interp(places, centres, np.arange(len(centres)))
    before = np.minimum(found.astype(np.int64), max(len(centres) - 2, 0))
    return before, found - before


def _add(strip: Pixels, tones: Floats, between: tuple[Bounds, Bounds, Floats]) -> Pixels:
    """Add to each row of the result what lies between two rows of tones, and how far it is to the second."""
    most = np.iinfo(strip.dtype).max
    result = np.empty_like(strip)
    for row, (lower, upper, share) in enumerate(zip(*between, strict=True)):
        field = tones[lower] * (1 - share)
        field += tones[upper] * share
        field += strip[row]
        np.rint(field, out=field)
        result[row] = np.clip(field, 0, most, out=field)
    return result

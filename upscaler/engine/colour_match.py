"""Bring the tones of an enlargement back to those of its input.

Networks shift tones: realesrgan-x4plus darkens photographs by 1 to 3.6 of 255 levels on average, and tints
grey areas. Only slow changes are corrected: the enlargement, reduced to the size of the input, is to have the mean of
the input in each cell of 32 x 32 input pixels. What is added is linear between the cells' centres, so it has no edges,
and is shared out within a cell by how much the enlargement differs there.

Noise that a network removed must not come back. It leaves a difference of means as well, of about its standard
deviation divided by 32, which differs from cell to cell, while tones shift over larger areas or by more than that. So
what a cell has beyond its smoothed neighbourhood counts by how far it stands out of the noise.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from upscaler.engine.cells import Bounds, CellSums
from upscaler.engine.picture import Pixels

_CELL_PIXELS = 32
# Side of the parts of a cell among which a correction is shared out.
_PART_PIXELS = 8
# How many times its share of a cell's correction a part may get.
_MOST_SHARES = 2.0
# Standard errors of a cell's mean that count as noise: differences within them are left to the smoothed neighbourhood.
_NOISE_ERRORS = 3.0
# The mean over a cell of what is linear between centres: the shares of its own centre and of its neighbours'.
_BETWEEN_CENTRES = np.array([1, 6, 1]) / 8
# Undoes it: the inverse, r**|k| / sqrt(1/2) with r = sqrt(8) - 3, cut off after two cells and scaled to a sum of one.
_SHARPENING = np.array([0.04113, -0.23973, 1.3972, -0.23973, 0.04113])
_SMOOTHING = np.array([0.25, 0.5, 0.25])
# Cells after its own that a centre depends on.
_AHEAD = 3

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

_TINY = np.finfo(np.float64).tiny


class ToneGrid:
    """Difference of tone between a picture and its enlargement, on a grid of 32 px cells.

    The enlargement passes by in full rows from the top. A row can be corrected once the cells around it were seen.
    """

    def __init__(self, height: int, width: int, channels: int, scale: int) -> None:
        self._scale = scale
        self._height = height
        self._rows, self._columns = _Axis(height), _Axis(width)
        bounds = (self._rows.parts, self._columns.parts)
        self._sums = CellSums(*bounds, channels)
        self._squares = CellSums(*bounds, channels)
        self._sizes = CellSums(*bounds, 1)
        self._seen = 0
        self._between_columns = _between_centres(self._columns.parts, np.arange(width * scale), scale)

    def observe(self, source: Pixels, result: Pixels) -> None:
        """Add the next rows: (n, width, channels) of the picture and their (n * scale, width * scale, channels)."""
        # Whole numbers, so that it does not matter in which parts the picture comes.
        difference = source.astype(np.int64) * self._scale**2 - _block_sums(result, self._scale)
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
        # A row lies between the centres of two parts, the second of which may be of the next cell.
        last = complete - 1 - _AHEAD
        return (
            int((self._rows.cells[last] + self._rows.cells[last + 1]) * self._scale // 2) if last >= 0 else 0
        )

    def corrected(self, top: int, strip: Pixels) -> Pixels:
        """Return rows of the enlargement, the first of which is row ``top``, with their tones corrected."""
        field = self._field()
        lower, share = _between_centres(self._rows.parts, np.arange(top, top + strip.shape[0]), self._scale)
        upper = np.minimum(lower + 1, field.shape[0] - 1)
        weight = share[:, np.newaxis, np.newaxis]
        tones = field[lower] * (1 - weight) + field[upper] * weight
        # Adding less than half a level to whole levels changes nothing.
        if float(np.abs(tones).max()) < 0.5:
            return strip
        return _add(strip, tones, *self._between_columns)

    def _field(self) -> Floats:
        """Return what is to be added at the centre of each part."""
        areas = np.outer(np.diff(self._rows.parts), np.diff(self._columns.parts))[..., np.newaxis]
        cell_areas = self._cells(areas)
        means = self._cells(self._sums.means() * areas) / cell_areas / self._scale**2
        squares = self._cells(self._squares.means() * areas) / cell_areas / self._scale**4
        noise = _NOISE_ERRORS**2 * np.maximum(squares - means**2, 0) / cell_areas
        smooth = _filtered(means, _SMOOTHING)
        own = means - _filtered(smooth, _BETWEEN_CENTRES)
        certain = own**4 / np.maximum(own**4 + noise**2, _TINY)
        centres = smooth + _filtered(certain * own, _SHARPENING)
        # Where nothing differs nothing is to be corrected: a white page stays white around what is printed on it.
        sizes = self._sizes.means()
        shares = np.minimum(
            sizes / np.maximum(self._parts(self._cells(sizes * areas) / cell_areas), _TINY), 1
        )
        usual = self._parts(self._cells(shares * areas) / cell_areas)
        shares *= np.minimum(1 / np.maximum(usual, _TINY), _MOST_SHARES)
        return np.asarray(self._between_cells(centres) * shares, np.float32)

    def _cells(self, parts: Doubles) -> Doubles:
        """Add the parts of each cell up."""
        by_rows = np.add.reduceat(parts, self._rows.firsts, axis=0)
        return np.asarray(np.add.reduceat(by_rows, self._columns.firsts, axis=1), np.float64)

    def _parts(self, cells: Doubles) -> Doubles:
        """Give each part what its cell has."""
        return cells.repeat(self._rows.counts, axis=0).repeat(self._columns.counts, axis=1)

    def _between_cells(self, centres: Doubles) -> Doubles:
        """Return what lies at the centres of the parts when it is linear between the centres of the cells."""
        for axis, along in enumerate((self._rows, self._columns)):
            at = (along.parts[:-1] + along.parts[1:]) / 2
            known = (along.cells[:-1] + along.cells[1:]) / 2
            places = np.interp(at, known, np.arange(len(known)))
            before = np.minimum(places.astype(int), max(len(known) - 2, 0))
            after = np.minimum(before + 1, len(known) - 1)
            weight = (places - before).reshape([-1, 1, 1] if axis == 0 else [1, -1, 1])
            centres = centres.take(before, axis) * (1 - weight) + centres.take(after, axis) * weight
        return centres


class _Axis:
    """Cells of 32 pixels along a side, and their parts.

    Attributes:
        cells: where cells begin, and where the last one ends; it takes what is less than half of one.
        parts: the same of the parts, each of which lies in one cell.
        counts: of the parts of each cell.
        firsts: number of the first part of each cell.
    """

    def __init__(self, side: int) -> None:
        count = max(1, (side + _CELL_PIXELS // 2) // _CELL_PIXELS)
        self.cells: Bounds = np.array([*range(0, count * _CELL_PIXELS, _CELL_PIXELS), side], np.int64)
        self.counts = np.maximum(np.diff(self.cells) // _PART_PIXELS, 1)
        inner = [
            np.linspace(start, stop, parts, endpoint=False)
            for start, stop, parts in zip(self.cells[:-1], self.cells[1:], self.counts, strict=True)
        ]
        self.parts: Bounds = np.append(np.rint(np.concatenate(inner)), side).astype(np.int64)
        self.firsts = np.cumsum(self.counts) - self.counts


def _block_sums(result: Pixels, scale: int) -> NDArray[np.int64]:
    """Return the sum of each block of ``scale`` x ``scale`` pixels, exactly: below 2**24 in float32."""
    height, width, channels = result.shape
    rows = result.reshape(height // scale, scale, width * channels).sum(axis=1, dtype=np.float32)
    blocks = rows.reshape(-1, scale * channels) @ np.tile(np.eye(channels, dtype=np.float32), (scale, 1))
    return blocks.reshape(height // scale, width // scale, channels).astype(np.int64)


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
    """Return, for each given pixel of the result, the cell centre before it and how far it is to the next."""
    centres = (bounds[:-1] + bounds[1:]) / 2
    cells = np.interp((pixels + 0.5) / scale, centres, np.arange(len(centres)))
    before = np.minimum(cells.astype(np.int64), max(len(centres) - 2, 0))
    return before, (cells - before).astype(np.float32)


def _add(strip: Pixels, tones: Floats, columns: Bounds, shares: Floats) -> Pixels:
    """Add tones, given per row and cell, to rows of the result."""
    after = np.minimum(columns + 1, tones.shape[1] - 1)
    share = shares[:, np.newaxis]
    most = np.iinfo(strip.dtype).max
    result = np.empty_like(strip)
    for row in range(strip.shape[0]):
        field = tones[row, columns] * (1 - share) + tones[row, after] * share
        field += strip[row]
        np.rint(field, out=field)
        result[row] = np.clip(field, 0, most, out=field)
    return result

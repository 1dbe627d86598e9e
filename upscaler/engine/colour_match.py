"""Bring the tones of an enlargement back to those of its input.

Networks shift tones: realesrgan-x4plus darkens photographs by 1 to 3.6 of 255 levels on average, and tints
grey areas. Only slow changes are corrected, over about 64 input pixels and more: the mean of each cell of a
coarse grid is compared, and the smoothed difference is added. Noise averages out within a cell (sigma 30
leaves 1 level, and a third of that after smoothing), so none of it comes back.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_CELL_PIXELS = 32
_STRIP_PIXELS = 4_000_000  # pixels of the result that are corrected at once: about 100 MB of working memory

Floats = NDArray[np.float32]


class ToneGrid:
    """Difference of tone between a picture and its enlargement, on a grid of 32 px cells."""

    def __init__(self, height: int, width: int, scale: int) -> None:
        self._scale = scale
        self._rows = _cell_bounds(height)
        self._columns = _cell_bounds(width)
        self._sums = np.zeros((len(self._rows) - 1, len(self._columns) - 1, 3), np.float64)

    def observe(self, top: int, left: int, source: NDArray[np.uint8], result: NDArray[np.uint8]) -> None:
        """Add one part of the picture, whose first input pixel is at (top, left), and its enlargement."""
        rows = _parts(self._rows, top, source.shape[0])
        columns = _parts(self._columns, left, source.shape[1])
        difference = _cell_sums(source, rows, columns, 1) - _cell_sums(result, rows, columns, self._scale)
        first_row = int(np.searchsorted(self._rows, top, "right")) - 1
        first_column = int(np.searchsorted(self._columns, left, "right")) - 1
        self._sums[first_row : first_row + len(rows), first_column : first_column + len(columns)] += (
            difference
        )

    def correct(self, out: NDArray[np.uint8]) -> Iterator[float]:
        """Correct the whole enlargement in place, strip by strip; yield the share that is done after each."""
        field = self._smoothed()
        height, width, _ = out.shape
        columns, column_shares = _between_centres(self._columns, width, self._scale)
        row_starts, row_shares = _between_centres(self._rows, height, self._scale)
        strip = max(1, _STRIP_PIXELS // width)
        for top in range(0, height, strip):
            rows = slice(top, min(top + strip, height))
            lower, share = row_starts[rows], row_shares[rows, np.newaxis, np.newaxis]
            upper = np.minimum(lower + 1, field.shape[0] - 1)
            tones = field[lower] * (1 - share) + field[upper] * share
            # Adding less than half a level to whole levels changes nothing.
            if float(np.abs(tones).max()) >= 0.5:
                _add(out[rows], tones, columns, column_shares)
            yield rows.stop / height

    def _smoothed(self) -> Floats:
        """Return the mean difference of each cell, smoothed by (1, 2, 1) / 4 along both axes."""
        areas = np.outer(np.diff(self._rows), np.diff(self._columns))[..., np.newaxis]
        field = self._sums / areas
        for axis in (0, 1):
            field = np.moveaxis(field, axis, 0)
            padded = np.concatenate([field[:1], field, field[-1:]])
            field = np.moveaxis((padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4, 0, axis)
        return np.asarray(field, np.float32)


def _cell_bounds(side: int) -> NDArray[np.int64]:
    """Return the bounds of balanced cells."""
    count = max(1, round(side / _CELL_PIXELS))
    return np.rint(np.linspace(0, side, count + 1)).astype(np.int64)


def _parts(bounds: NDArray[np.int64], start: int, length: int) -> NDArray[np.int64]:
    """Return where in a part of ``length`` pixels from ``start`` on each cell begins; the first at 0."""
    inner = bounds[(bounds > start) & (bounds < start + length)] - start
    return np.concatenate([np.zeros(1, np.int64), inner])


def _cell_sums(
    picture: NDArray[np.uint8], rows: NDArray[np.int64], columns: NDArray[np.int64], scale: int
) -> NDArray[np.float64]:
    """Sum the levels of each cell, per input pixel."""
    by_row = np.add.reduceat(picture, rows * scale, axis=0, dtype=np.uint32)
    sums = np.add.reduceat(by_row, columns * scale, axis=1, dtype=np.uint64)
    return sums.astype(np.float64) / scale**2


def _between_centres(bounds: NDArray[np.int64], side: int, scale: int) -> tuple[NDArray[np.int64], Floats]:
    """Return, for each result pixel, the cell centre before it and how far it is to the next."""
    centres = (bounds[:-1] + bounds[1:]) / 2
    positions = (np.arange(side) + 0.5) / scale
    cells = np.interp(positions, centres, np.arange(len(centres)))
    before = np.minimum(cells.astype(np.int64), max(len(centres) - 2, 0))
    return before, (cells - before).astype(np.float32)


def _add(out: NDArray[np.uint8], tones: Floats, columns: NDArray[np.int64], shares: Floats) -> None:
    """Add tones, given per row and cell, to rows of the result."""
    after = np.minimum(columns + 1, tones.shape[1] - 1)
    share = shares[:, np.newaxis]
    for row in range(out.shape[0]):
        field = tones[row, columns] * (1 - share) + tones[row, after] * share
        out[row] = np.clip(out[row] + np.rint(field).astype(np.int16), 0, 255)

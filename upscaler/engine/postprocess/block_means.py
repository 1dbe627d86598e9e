"""Block means: means over the blocks of a coarse grid, gathered while an image arrives in parts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bounds = NDArray[np.int64]


class BlockSums:
    """Sums of levels over the blocks between given rows and columns.

    Args:
        rows: where the blocks begin, in pixels from the top, and where the last one ends: n + 1 numbers.
        columns: the same from the left.
        channels: of the images that are added.
    """

    def __init__(self, rows: Bounds, columns: Bounds, channels: int) -> None:
        self._rows = rows
        self._columns = columns
        self._sums = np.zeros((len(rows) - 1, len(columns) - 1, channels), np.float64)

    def add(
        self, top: int, left: int, pixels: NDArray[np.uint8 | np.uint16 | np.bool_ | np.int32 | np.int64]
    ) -> None:
        """Add a part of the image, of shape (height, width, channels), whose first pixel is at (top, left)."""
        rows = _parts(self._rows, top, pixels.shape[0])
        columns = _parts(self._columns, left, pixels.shape[1])
        first_row = int(np.searchsorted(self._rows, top, "right")) - 1
        first_column = int(np.searchsorted(self._columns, left, "right")) - 1
        # Columns first: it leaves little for the second pass. Sums of one row of 16-bit levels fit in 32 bits.
        types = (np.int64, np.int64) if pixels.dtype.kind == "i" else (np.uint32, np.uint64)
        by_column = np.add.reduceat(pixels, columns, axis=1, dtype=types[0])
        self._sums[first_row : first_row + len(rows), first_column : first_column + len(columns)] += (
            np.add.reduceat(by_column, rows, axis=0, dtype=types[1])
        )

    def means(self, rows: slice = slice(None)) -> NDArray[np.float64]:
        """Return the mean of each block, or of those in some rows, (rows - 1, columns - 1, channels).

        They are right once all parts of them were added.
        """
        areas = np.outer(np.diff(self._rows)[rows], np.diff(self._columns))
        return self._sums[rows] / areas[..., np.newaxis]


def bounds_of(side: int, count: int) -> Bounds:
    """Return the bounds of ``count`` balanced blocks along ``side`` pixels."""
    return np.rint(np.linspace(0, side, count + 1)).astype(np.int64)


def _parts(bounds: Bounds, start: int, length: int) -> Bounds:
    """Return where in a part of ``length`` pixels from ``start`` on each block begins; the first at 0."""
    inner = bounds[(bounds > start) & (bounds < start + length)] - start
    return np.concatenate([np.zeros(1, np.int64), inner])

"""Bring the tones of an enlargement back to those of its input.

Networks shift tones: realesrgan-x4plus darkens photographs by 1 to 3.6 of 255 levels on average, and tints
grey areas. Only slow changes are corrected, over about 64 input pixels and more: the mean of each cell of a
coarse grid is compared, and the smoothed difference is added. Noise averages out within a cell (sigma 30
leaves 1 level, and a third of that after smoothing), so none of it comes back.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from upscaler.engine.cells import Bounds, CellSums, bounds_of
from upscaler.engine.picture import Pixels

_CELL_PIXELS = 32

Floats = NDArray[np.float32]


class ToneGrid:
    """Difference of tone between a picture and its enlargement, on a grid of 32 px cells.

    The enlargement passes by in full rows from the top. A row can be corrected once the cells around it were seen.
    """

    def __init__(self, height: int, width: int, channels: int, scale: int) -> None:
        self._scale = scale
        self._height = height
        self._rows = bounds_of(height, max(1, round(height / _CELL_PIXELS)))
        self._columns = bounds_of(width, max(1, round(width / _CELL_PIXELS)))
        self._source = CellSums(self._rows, self._columns, channels)
        self._result = CellSums(self._rows * scale, self._columns * scale, channels)
        self._seen = 0
        self._between_columns = _between_centres(self._columns, np.arange(width * scale), scale)

    def observe(self, source: Pixels, result: Pixels) -> None:
        """Add the next rows: (n, width, channels) of the picture and their (n * scale, width * scale, channels)."""
        self._source.add(self._seen, 0, source)
        self._result.add(self._seen * self._scale, 0, result)
        self._seen += source.shape[0]

    @property
    def final_rows(self) -> int:
        """How many rows of the result, from the top, can be corrected now."""
        if self._seen == self._height:
            return self._height * self._scale
        complete = int(np.searchsorted(self._rows, self._seen, "right")) - 1
        # A cell is smoothed with the next one, and a row lies between the centres of two cells.
        last = complete - 2
        return int((self._rows[last] + self._rows[last + 1]) * self._scale // 2) if last >= 0 else 0

    def corrected(self, top: int, strip: Pixels) -> Pixels:
        """Return rows of the enlargement, the first of which is row ``top``, with their tones corrected."""
        field = self._smoothed()
        lower, share = _between_centres(self._rows, np.arange(top, top + strip.shape[0]), self._scale)
        upper = np.minimum(lower + 1, field.shape[0] - 1)
        weight = share[:, np.newaxis, np.newaxis]
        tones = field[lower] * (1 - weight) + field[upper] * weight
        # Adding less than half a level to whole levels changes nothing.
        if float(np.abs(tones).max()) < 0.5:
            return strip
        return _add(strip, tones, *self._between_columns)

    def _smoothed(self) -> Floats:
        """Return the mean difference of each cell, smoothed by (1, 2, 1) / 4 along both axes."""
        field = self._source.means() - self._result.means()
        for axis in (0, 1):
            field = np.moveaxis(field, axis, 0)
            padded = np.concatenate([field[:1], field, field[-1:]])
            field = np.moveaxis((padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4, 0, axis)
        return np.asarray(field, np.float32)


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

"""Bring the tones of an enlargement back to those of its input.

Networks shift tones: realesrgan-x4plus darkens photographs by 1 to 3.6 of 255 levels on average, and tints
grey areas. Only slow changes are corrected: the enlargement, reduced to the size of the input, is to have the mean of
the input in each cell of 32 x 32 input pixels. What is added is linear between the cells' centres, so it has no edges.

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


class ToneGrid:
    """Difference of tone between a picture and its enlargement, on a grid of 32 px cells.

    The enlargement passes by in full rows from the top. A row can be corrected once the cells around it were seen.
    """

    def __init__(self, height: int, width: int, channels: int, scale: int) -> None:
        self._scale = scale
        self._height = height
        self._rows, self._columns = _bounds(height), _bounds(width)
        self._sums = CellSums(self._rows, self._columns, channels)
        self._squares = CellSums(self._rows, self._columns, channels)
        self._seen = 0
        self._between_columns = _between_centres(self._columns, np.arange(width * scale), scale)

    def observe(self, source: Pixels, result: Pixels) -> None:
        """Add the next rows: (n, width, channels) of the picture and their (n * scale, width * scale, channels)."""
        # Whole numbers, so that it does not matter in which parts the picture comes.
        difference = source.astype(np.int64) * self._scale**2 - _block_sums(result, self._scale)
        self._sums.add(self._seen, 0, difference)
        self._squares.add(self._seen, 0, difference * difference)
        self._seen += source.shape[0]

    @property
    def final_rows(self) -> int:
        """How many rows of the result, from the top, can be corrected now."""
        if self._seen == self._height:
            return self._height * self._scale
        complete = int(np.searchsorted(self._rows, self._seen, "right")) - 1
        # A row lies between the centres of two cells, the second of which depends on the cells after it.
        last = complete - 1 - _AHEAD
        return int((self._rows[last] + self._rows[last + 1]) * self._scale // 2) if last >= 0 else 0

    def corrected(self, top: int, strip: Pixels) -> Pixels:
        """Return rows of the enlargement, the first of which is row ``top``, with their tones corrected."""
        field = self._field()
        lower, share = _between_centres(self._rows, np.arange(top, top + strip.shape[0]), self._scale)
        upper = np.minimum(lower + 1, field.shape[0] - 1)
        weight = share[:, np.newaxis, np.newaxis]
        tones = field[lower] * (1 - weight) + field[upper] * weight
        # Adding less than half a level to whole levels changes nothing.
        if float(np.abs(tones).max()) < 0.5:
            return strip
        return _add(strip, tones, *self._between_columns)

    def _field(self) -> Floats:
        """Return what is to be added at the centre of each cell."""
        means = self._sums.means() / self._scale**2
        variances = np.maximum(self._squares.means() / self._scale**4 - means**2, 0)
        areas = np.outer(np.diff(self._rows), np.diff(self._columns))[..., np.newaxis]
        noise = _NOISE_ERRORS**2 * variances / areas
        smooth = _filtered(means, _SMOOTHING)
        own = means - _filtered(smooth, _BETWEEN_CENTRES)
        certain = own**4 / np.maximum(own**4 + noise**2, np.finfo(float).tiny)
        return np.asarray(smooth + _filtered(certain * own, _SHARPENING), np.float32)


def _bounds(side: int) -> Bounds:
    """Return the bounds of cells of 32 pixels; the last one takes what is less than half of one."""
    count = max(1, (side + _CELL_PIXELS // 2) // _CELL_PIXELS)
    return np.array([*range(0, count * _CELL_PIXELS, _CELL_PIXELS), side], np.int64)


def _block_sums(result: Pixels, scale: int) -> NDArray[np.int64]:
    """Return the sum of each block of ``scale`` x ``scale`` pixels, exactly: below 2**24 in float32."""
    height, width, channels = result.shape
    rows = result.reshape(height // scale, scale, width * channels).sum(axis=1, dtype=np.float32)
    blocks = rows.reshape(-1, scale * channels) @ np.tile(np.eye(channels, dtype=np.float32), (scale, 1))
    return blocks.reshape(height // scale, width // scale, channels).astype(np.int64)


def _filtered(field: NDArray[np.float64], kernel: NDArray[np.float64]) -> NDArray[np.float64]:
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

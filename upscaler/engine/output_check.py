"""Look at a result before it is called done: broken drivers and models deliver black, flat or wrong ones."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from upscaler.engine.picture import Pixels
from upscaler.errors import N_, OutputRejected

# Input pixels per side of a cell whose mean is compared. Fine texture averages out over 8 x 8 pixels, so that
# a network that removes noise passes, while a tile that is missing or in the wrong place does not.
_CELL_PIXELS = 8
_MAX_CELLS = 128

# Bounds between the input's cells and the result's, in 8-bit levels and dB. Beside each the furthest that was
# seen of six recipes on photographs, text, gratings, blocks of colour and pure noise.
MAX_MEAN_DRIFT = 16.0  # 8.8: waifu2x's drawing network on a grating of one pixel
MIN_CELL_PSNR_DB = 20.0  # 27.6: x4plus on random blocks of colour
MAX_CELL_DRIFT = 96.0  # 36.5: the same
_FLAT_RANGE = 16


@dataclass(frozen=True)
class OutputReport:
    """How far the reduced result lies from the input, in 8-bit levels and dB."""

    mean_drift: float
    worst_cell: float
    psnr_db: float

    def as_dict(self) -> dict[str, float]:
        """Return the figures as JSON-ready values, rounded."""
        return {
            "mean_drift": round(self.mean_drift, 2),
            "worst_cell": round(self.worst_cell, 1),
            "psnr_db": round(self.psnr_db, 1),
        }


def check_output(source: Pixels, result: Pixels, scale: int, alpha: Pixels | None = None) -> OutputReport:
    """Compare a result with its source over cells of at least 8 x 8 source pixels.

    Args:
        source: uint8 (H, W, 3).
        result: uint8 (H * scale, W * scale, 3), may be a memory map.
        scale: output side per input side.
        alpha: uint8 (H, W): pixels that cannot be seen count for nothing.

    Raises:
        OutputRejected: the result has the wrong shape, is flat where the source is not, or differs too much.

    """
    height, width = source.shape[:2]
    if result.shape != (height * scale, width * scale, 3) or result.dtype != np.uint8:
        raise OutputRejected(reason=N_("wrong size"))
    rows, columns = cell_edges(height), cell_edges(width)
    before, after = cell_means(source, rows, columns), cell_means(result, rows * scale, columns * scale)
    if np.ptp(before) > _FLAT_RANGE and np.ptp(after) < 1:
        raise OutputRejected(reason=N_("it is a single flat colour"))
    weight = (
        np.ones(before.shape[:2])
        if alpha is None
        else cell_means(alpha[..., np.newaxis] > 0, rows, columns)[..., 0]
    )
    report = _compare(before, after, weight)
    if report.mean_drift > MAX_MEAN_DRIFT:
        raise OutputRejected(reason=N_("its brightness or colour differs from the input"))
    if report.psnr_db < MIN_CELL_PSNR_DB or report.worst_cell > MAX_CELL_DRIFT:
        raise OutputRejected(reason=N_("a part of it differs from the input"))
    return report


def cell_edges(side: int) -> npt.NDArray[np.intp]:
    """Return where the cells of a side of that many pixels begin and end: n + 1 numbers for n cells."""
    count = min(_MAX_CELLS, max(1, side // _CELL_PIXELS))
    return np.linspace(0, side, count + 1).astype(np.intp)


def cell_means(
    pixels: npt.NDArray[np.uint8] | npt.NDArray[np.bool_],
    rows: npt.NDArray[np.intp],
    columns: npt.NDArray[np.intp],
) -> npt.NDArray[np.float64]:
    """Return the mean of each channel over each cell: (rows - 1, columns - 1, channels)."""
    means = np.empty((len(rows) - 1, len(columns) - 1, pixels.shape[2]))
    widths = np.diff(columns)[:, np.newaxis]
    for index, (top, bottom) in enumerate(pairwise(rows)):
        # A row of cells at a time: the result may be far larger than memory.
        line = np.add.reduce(pixels[top:bottom], axis=0, dtype=np.float64)
        means[index] = np.add.reduceat(line, columns[:-1], axis=0) / (widths * (bottom - top))
    return means


def _compare(
    before: npt.NDArray[np.float64], after: npt.NDArray[np.float64], weight: npt.NDArray[np.float64]
) -> OutputReport:
    if not weight.any():
        return OutputReport(0.0, 0.0, 99.0)
    difference = (after - before) * weight[..., np.newaxis]
    total = weight.sum()
    mean_square = float((difference**2).sum() / (total * 3))
    return OutputReport(
        mean_drift=float(np.abs(difference.sum(axis=(0, 1)) / total).max()),
        worst_cell=float(np.abs(difference).max()),
        psnr_db=min(99.0, float(10 * np.log10(255**2 / max(mean_square, 1e-9)))),
    )

"""Look at a result before it is called done: broken drivers and models deliver black, flat or wrong ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from upscaler.engine.imaging.image import Pixels
from upscaler.engine.postprocess.block_means import Bounds, CellSums, bounds_of
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

    @classmethod
    def worst(cls, reports: Iterable[OutputReport]) -> OutputReport:
        """Return the worst of each figure."""
        every = list(reports)
        return cls(
            mean_drift=max(report.mean_drift for report in every),
            worst_cell=max(report.worst_cell for report in every),
            psnr_db=min(report.psnr_db for report in every),
        )

    def as_dict(self) -> dict[str, float]:
        """Return the figures as JSON-ready values, rounded."""
        return {
            "mean_drift": round(self.mean_drift, 2),
            "worst_cell": round(self.worst_cell, 1),
            "psnr_db": round(self.psnr_db, 1),
        }


class OutputCheck:
    """Compares a result with its source over cells of at least 8 x 8 source pixels, while it passes by.

    Args:
        source: uint8 or uint16 (H, W, channels).
        scale: output side per input side.
        alpha: uint8 or uint16 (H, W): pixels that cannot be seen count for nothing.
    """

    def __init__(self, source: Pixels, scale: int, alpha: Pixels | None = None) -> None:
        height, width, channels = source.shape
        rows, columns = cell_bounds(height), cell_bounds(width)
        self._levels = np.iinfo(source.dtype).max / 255
        self._before = _means(source, rows, columns)
        self._weight = (
            np.ones(self._before.shape[:2])
            if alpha is None
            else _means(alpha[..., np.newaxis] > 0, rows, columns)[..., 0]
        )
        self._after = CellSums(rows * scale, columns * scale, channels)
        self._seen = 0

    def add(self, strip: Pixels) -> None:
        """Look at the next rows of the result: (n, W * scale, channels)."""
        self._after.add(self._seen, 0, strip)
        self._seen += strip.shape[0]

    def report(self) -> OutputReport:
        """Judge the result once all of it was seen.

        Raises:
            OutputRejected: it is flat where the source is not, or differs too much.

        """
        before, after = self._before / self._levels, self._after.means() / self._levels
        if np.ptp(before) > _FLAT_RANGE and np.ptp(after) < 1:
            raise OutputRejected(reason=N_("it is a single flat colour"))
        report = _compare(before, after, self._weight)
        if report.mean_drift > MAX_MEAN_DRIFT:
            raise OutputRejected(reason=N_("its brightness or colour differs from the input"))
        if report.psnr_db < MIN_CELL_PSNR_DB or report.worst_cell > MAX_CELL_DRIFT:
            raise OutputRejected(reason=N_("a part of it differs from the input"))
        return report


def cell_bounds(side: int) -> Bounds:
    """Return where the cells of a side of that many pixels begin and end: n + 1 numbers for n cells."""
    return bounds_of(side, min(_MAX_CELLS, max(1, side // _CELL_PIXELS)))


def _means(pixels: Pixels | npt.NDArray[np.bool_], rows: Bounds, columns: Bounds) -> npt.NDArray[np.float64]:
    cells = CellSums(rows, columns, pixels.shape[2])
    cells.add(0, 0, pixels)
    return cells.means()


def _compare(
    before: npt.NDArray[np.float64], after: npt.NDArray[np.float64], weight: npt.NDArray[np.float64]
) -> OutputReport:
    if not weight.any():
        return OutputReport(0.0, 0.0, 99.0)
    difference = (after - before) * weight[..., np.newaxis]
    total = weight.sum()
    mean_square = float((difference**2).sum() / (total * before.shape[2]))
    return OutputReport(
        mean_drift=float(np.abs(difference.sum(axis=(0, 1)) / total).max()),
        worst_cell=float(np.abs(difference).max()),
        psnr_db=min(99.0, float(10 * np.log10(255**2 / max(mean_square, 1e-9)))),
    )

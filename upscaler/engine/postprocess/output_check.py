"""Check of a result before it is called done: broken drivers and models deliver black, flat or wrong images."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from upscaler.engine.imaging.image import Pixels
from upscaler.engine.postprocess.block_means import BlockSums, Bounds, bounds_of
from upscaler.errors import N_, OutputRejected

# Input pixels per side of a block whose mean is compared. Fine texture averages out over 8 x 8 pixels, so that
# a model that removes noise passes, while a tile that is missing or in the wrong place does not.
_BLOCK_PIXELS = 8
_MAX_BLOCKS = 128

# Bounds between the input's blocks and the result's, in 8-bit levels and dB. Beside each the furthest that was
# seen of six recipes on photographs, text, gratings, blocks of colour and pure noise.
MAX_MEAN_DRIFT = 16.0  # 8.8: waifu2x's drawing model on a grating of one pixel
MIN_BLOCK_PSNR_DB = 20.0  # 27.6: x4plus on random blocks of colour
MAX_BLOCK_DRIFT = 96.0  # 36.5: the same
_FLAT_RANGE = 16


@dataclass(frozen=True)
class OutputReport:
    """Distance of the reduced result from the input, in 8-bit levels and dB."""

    mean_drift: float
    worst_block: float
    psnr_db: float

    @classmethod
    def worst(cls, reports: Iterable[OutputReport]) -> OutputReport:
        """Return the worst of each figure."""
        every = list(reports)
        return cls(
            mean_drift=max(report.mean_drift for report in every),
            worst_block=max(report.worst_block for report in every),
            psnr_db=min(report.psnr_db for report in every),
        )

    def as_dict(self) -> dict[str, float]:
        """Return the figures as JSON-ready values, rounded."""
        return {
            "mean_drift": round(self.mean_drift, 2),
            "worst_block": round(self.worst_block, 1),
            "psnr_db": round(self.psnr_db, 1),
        }


class OutputCheck:
    """Compares a result with its source over blocks of at least 8 x 8 source pixels, while its rows arrive.

    Args:
        source: uint8 or uint16 (H, W, channels).
        scale: output side per input side.
        alpha: uint8 or uint16 (H, W): invisible pixels are left out.
    """

    def __init__(self, source: Pixels, scale: int, alpha: Pixels | None = None) -> None:
        height, width, channels = source.shape
        rows, columns = block_bounds(height), block_bounds(width)
        self._levels = np.iinfo(source.dtype).max / 255
        self._before = _means(source, rows, columns)
        self._weight = (
            np.ones(self._before.shape[:2])
            if alpha is None
            else _means(alpha[..., np.newaxis] > 0, rows, columns)[..., 0]
        )
        self._after = BlockSums(rows * scale, columns * scale, channels)
        self._seen = 0

    def add(self, rows: Pixels) -> None:
        """Add the next rows of the result: (n, W * scale, channels)."""
        self._after.add(self._seen, 0, rows)
        self._seen += rows.shape[0]

    def report(self) -> OutputReport:
        """Compare the result with its source once all of its rows were added.

        Raises:
            OutputRejected: it is flat where the source is not, or differs too much.

        """
        before, after = self._before / self._levels, self._after.means() / self._levels
        if np.ptp(before) > _FLAT_RANGE and np.ptp(after) < 1:
            raise OutputRejected(reason=N_("it is a single flat colour"))
        report = _compare(before, after, self._weight)
        if report.mean_drift > MAX_MEAN_DRIFT:
            raise OutputRejected(reason=N_("its brightness or colour differs from the input"))
        if report.psnr_db < MIN_BLOCK_PSNR_DB or report.worst_block > MAX_BLOCK_DRIFT:
            raise OutputRejected(reason=N_("a part of it differs from the input"))
        return report


def block_bounds(side: int) -> Bounds:
    """Return the bounds of the blocks along a side of that many pixels: n + 1 numbers for n blocks."""
    return bounds_of(side, min(_MAX_BLOCKS, max(1, side // _BLOCK_PIXELS)))


def _means(pixels: Pixels | npt.NDArray[np.bool_], rows: Bounds, columns: Bounds) -> npt.NDArray[np.float64]:
    blocks = BlockSums(rows, columns, pixels.shape[2])
    blocks.add(0, 0, pixels)
    return blocks.means()


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
        worst_block=float(np.abs(difference).max()),
        psnr_db=min(99.0, float(10 * np.log10(255**2 / max(mean_square, 1e-9)))),
    )

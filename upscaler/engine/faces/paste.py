"""The overlay of refined faces on the upscaled image, with soft edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from upscaler.engine.faces.align import SIDE, Map, shifted
from upscaler.engine.faces.boxes import Floats
from upscaler.engine.imaging.image import Pixels
from upscaler.engine.postprocess.finisher import release

# The mask as a rounded square around the middle of the template: whole up to the first share of half its side, from
# the eyebrows to the chin and the cheeks; nothing from the second on.
_WHOLE, _NOTHING = 0.75, 0.95
# Power of the rounded square: 2 would be a circle, infinity a square.
_ROUNDNESS = 4
# Pixels that are blended at once, to keep temporary arrays small.
_BLENDED_PIXELS = 500_000


def mask_of(to_template: Map, left: int, top: int, width: int, height: int) -> Floats:
    """Return (height, width, 1): the share of a refined face in each pixel, from 0 to 1.

    The first pixel is at (left, top) in the coordinates that ``to_template`` takes.
    """
    across = (np.arange(width, dtype=np.float32) + np.float32(left + 0.5))[np.newaxis, :]
    down = (np.arange(height, dtype=np.float32) + np.float32(top + 0.5))[:, np.newaxis]
    affine = (to_template * (2 / SIDE)).astype(np.float32)
    powers = [
        np.abs(row[0] * across + row[1] * down + (row[2] - np.float32(1))) ** _ROUNDNESS for row in affine
    ]
    away = (powers[0] + powers[1]) ** np.float32(1 / _ROUNDNESS)
    share = np.clip((np.float32(_NOTHING) - away) / np.float32(_NOTHING - _WHOLE), 0, 1)
    # A smooth rise and fall.
    return (share * share * (3 - 2 * share))[..., np.newaxis]


def reach_of(to_image: Map) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of the mask in the coordinates that ``to_image`` gives."""
    ends = (SIDE * (1 - _NOTHING) / 2, SIDE * (1 + _NOTHING) / 2)
    points = np.array([[x, y, 1.0] for x in ends for y in ends]) @ to_image.T
    left, top = points.min(axis=0).tolist()
    right, bottom = points.max(axis=0).tolist()
    return left, top, right, bottom


@dataclass(frozen=True)
class Patch:
    """A refined face.

    Attributes:
        left: of its first pixel in the upscaled image.
        top: the same.
        pixels: (height, width, channels), of the upscaled image's type and channels.
        to_template: from coordinates within the patch to the template, for its mask.

    """

    left: int
    top: int
    pixels: Pixels
    to_template: Map


class Overlay:
    """Refined faces over the rows of an upscaled image, which may pass by more than once."""

    def __init__(self, patches: Sequence[Patch]) -> None:
        # Later ones lie above: the larger faces.
        self._patches = sorted(patches, key=lambda patch: patch.pixels.shape[0] * patch.pixels.shape[1])

    def laid_on(self, top: int, rows: Pixels) -> Pixels:
        """Return rows, the first of which is row ``top``, with the faces on them; unchanged where there is none."""
        bottom = top + rows.shape[0]
        result = rows
        for patch in self._patches:
            first = max(top, patch.top)
            last = min(bottom, patch.top + patch.pixels.shape[0])
            if first >= last:
                continue
            if result is rows:
                result = rows.copy()
            self._blend(result[first - top : last - top], patch, first - patch.top, last - patch.top)
        return result

    @staticmethod
    def _blend(rows: Pixels, patch: Patch, top: int, bottom: int) -> None:
        width = patch.pixels.shape[1]
        under = rows[:, patch.left : patch.left + width]
        step = max(1, _BLENDED_PIXELS // width)
        for start in range(top, bottom, step):
            stop = min(start + step, bottom)
            mask = mask_of(patch.to_template, 0, start, width, stop - start)
            part = under[start - top : stop - top]
            mixed = part + (patch.pixels[start:stop].astype(np.float32) - part) * mask
            part[:] = np.rint(mixed).astype(part.dtype)
        release(patch.pixels, top, bottom)


def within(to_template: Map, left: int, top: int, scale: int) -> Map:
    """Return a map from the image as one from a patch of ``scale`` times its size that begins at (left, top)."""
    affine = shifted(to_template, left, top)
    return np.concatenate([affine[:, :2] / scale, affine[:, 2:]], axis=1)

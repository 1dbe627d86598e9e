"""Bring the colours of a refined face back to the image's, and see that it is still the same face."""

from __future__ import annotations

import numpy as np
from PIL import Image

from upscaler.engine.faces.align import resized
from upscaler.engine.faces.boxes import Floats
from upscaler.engine.imaging.image import Pixels, to_luma, white_of
from upscaler.engine.postprocess.output_check import OutputCheck
from upscaler.errors import OutputRejected

# Cells a side whose mean colour is matched: an eighth of the template is a cheek, and more than an eye.
_COLOUR_CELLS = 8
# Cells a side whose brightness, less that of the colour cells around, makes the features: eyes, brows, nose and mouth
# are two cells and more, noise is gone.
_FEATURE_CELLS = 32
# What the features of the face and of the refined one must have in common: their correlation.
_LEAST_LIKENESS = 0.7


def check_features(original: Floats, patch: Pixels, mask: Floats) -> None:
    """See that eyes, nose and mouth are where they were.

    Means of colours alone would not tell: they are the same for a face that was wiped away.

    Args:
        original: (H, W, channels) levels from 0 to 255.
        patch: the refined face, (H * scale, W * scale, channels).
        mask: (H, W, 1), how much each pixel counts.

    Raises:
        OutputRejected: they are not.

    """
    weight = resized(mask, (_FEATURE_CELLS,) * 2, Image.Resampling.BOX)
    before, after = (_features(levels, mask) * weight for levels in (original, reduced(patch, original)))
    strength = float((before**2).sum() * (after**2).sum()) ** 0.5
    likeness = float((before * after).sum()) / strength if strength > 0 else 0.0
    if not likeness >= _LEAST_LIKENESS:
        raise OutputRejected(reason=f"its features are not those of the face ({likeness:.2f})")


def match_colours(original: Floats, patch: Pixels, mask: Floats) -> None:
    """Add what lacks to the colours of a patch, in place; the arguments are those of ``check_features``."""
    lacking = original - reduced(patch, original)
    size = (patch.shape[1], patch.shape[0])
    field = resized(_coarse(lacking, mask), (_COLOUR_CELLS,) * 2)
    for channel in range(patch.shape[2]):
        tones = resized(field[..., channel : channel + 1], size, Image.Resampling.BILINEAR)[..., 0]
        tones *= white_of(patch) / 255
        tones += patch[..., channel]
        patch[..., channel] = np.rint(np.clip(tones, 0, white_of(patch)))


def check_patch(original: Pixels, patch: Pixels, mask: Floats, scale: int) -> None:
    """Compare a patch with what it covers, as every result is compared with its image; raise ``OutputRejected``."""
    check = OutputCheck(original, scale, (mask[..., 0] > 0.5).astype(np.uint8))
    check.add(patch)
    check.report()


def reduced(patch: Pixels, original: Floats) -> Floats:
    """Return a patch as small as its original, in levels from 0 to 255."""
    height, width, channels = original.shape
    scale = patch.shape[0] // height
    result = np.empty((height, width, channels), np.float32)
    for row in range(height):
        rows = patch[row * scale : (row + 1) * scale]
        result[row] = rows.reshape(scale, width, scale, channels).mean(axis=(0, 2), dtype=np.float32)
    return np.asarray(result * (255 / white_of(patch)), np.float32)


def _features(levels: Floats, mask: Floats) -> Floats:
    luma = to_luma(levels) if levels.shape[2] == 3 else levels
    cells = (_FEATURE_CELLS,) * 2
    share = resized(mask, cells, Image.Resampling.BOX)
    fine = resized(luma * mask, cells, Image.Resampling.BOX) / np.maximum(share, 1e-3)
    return np.asarray(fine - resized(_coarse(luma, mask), cells), np.float32)


def _coarse(levels: Floats, mask: Floats) -> Floats:
    """Return the mean of each colour cell, of what counts there; where nothing does, of everything."""
    cells = (_COLOUR_CELLS,) * 2
    share = resized(mask, cells, Image.Resampling.BOX)
    mean = (levels * mask).sum(axis=(0, 1)) / max(float(mask.sum()), 1e-6)
    sums = resized(levels * mask, cells, Image.Resampling.BOX)
    # A cell of which little counts leans on the whole.
    return np.asarray((sums + mean * np.float32(0.1)) / (share + np.float32(0.1)), np.float32)

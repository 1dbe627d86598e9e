"""Quality of a refined face: colours matched to the image, and checks that it is still the same face."""

from __future__ import annotations

import numpy as np
from PIL import Image

from upscaler.engine.faces.align import resized
from upscaler.engine.faces.boxes import Floats
from upscaler.engine.imaging.image import Pixels, to_luma, white_of
from upscaler.engine.postprocess.output_check import OutputCheck
from upscaler.errors import OutputRejected

# Blocks a side whose mean colour is matched: an eighth of the template is a cheek, and more than an eye.
_COLOUR_BLOCKS = 8
# Blocks a side whose brightness, less that of the colour blocks around, makes the features: eyes, brows, nose and mouth
# are two blocks and more, noise is gone.
_FEATURE_BLOCKS = 32
# The least correlation of the features of the face and of the refined one.
_LEAST_CORRELATION = 0.7


def check_features(original: Floats, patch: Pixels, mask: Floats) -> None:
    """Check that eyes, nose and mouth are where they were.

    Means of colours alone would not show it: they are the same for a face that was wiped away.

    Args:
        original: (H, W, channels) levels from 0 to 255.
        patch: the refined face, (H * scale, W * scale, channels).
        mask: (H, W, 1), the weight of each pixel.

    Raises:
        OutputRejected: they are not.

    """
    weight = resized(mask, (_FEATURE_BLOCKS,) * 2, Image.Resampling.BOX)
    before, after = (_features(levels, mask) * weight for levels in (original, downscaled(patch, original)))
    strength = float((before**2).sum() * (after**2).sum()) ** 0.5
    correlation = float((before * after).sum()) / strength if strength > 0 else 0.0
    if not correlation >= _LEAST_CORRELATION:
        raise OutputRejected(reason=f"its features are not those of the face ({correlation:.2f})")


def match_colours(original: Floats, patch: Pixels, mask: Floats) -> None:
    """Correct the mean colours of a patch, in place; the arguments are those of ``check_features``."""
    lacking = original - downscaled(patch, original)
    size = (patch.shape[1], patch.shape[0])
    field = resized(_coarse(lacking, mask), (_COLOUR_BLOCKS,) * 2)
    for channel in range(patch.shape[2]):
        tones = resized(field[..., channel : channel + 1], size, Image.Resampling.BILINEAR)[..., 0]
        tones *= white_of(patch) / 255
        tones += patch[..., channel]
        patch[..., channel] = np.rint(np.clip(tones, 0, white_of(patch)))


def check_patch(original: Pixels, patch: Pixels, mask: Floats, scale: int) -> None:
    """Compare a patch with the part that it covers, as each result with its image; raise ``OutputRejected``."""
    check = OutputCheck(original, scale, (mask[..., 0] > 0.5).astype(np.uint8))
    check.add(patch)
    check.report()


def downscaled(patch: Pixels, original: Floats) -> Floats:
    """Return a patch at the size of its original, in levels from 0 to 255."""
    height, width, channels = original.shape
    scale = patch.shape[0] // height
    result = np.empty((height, width, channels), np.float32)
    for row in range(height):
        rows = patch[row * scale : (row + 1) * scale]
        result[row] = rows.reshape(scale, width, scale, channels).mean(axis=(0, 2), dtype=np.float32)
    return np.asarray(result * (255 / white_of(patch)), np.float32)


def _features(levels: Floats, mask: Floats) -> Floats:
    luma = to_luma(levels) if levels.shape[2] == 3 else levels
    blocks = (_FEATURE_BLOCKS,) * 2
    share = resized(mask, blocks, Image.Resampling.BOX)
    fine = resized(luma * mask, blocks, Image.Resampling.BOX) / np.maximum(share, 1e-3)
    return np.asarray(fine - resized(_coarse(luma, mask), blocks), np.float32)


def _coarse(levels: Floats, mask: Floats) -> Floats:
    """Return the weighted mean of each colour block; where no pixel has a weight, that of all."""
    blocks = (_COLOUR_BLOCKS,) * 2
    share = resized(mask, blocks, Image.Resampling.BOX)
    mean = (levels * mask).sum(axis=(0, 1)) / max(float(mask.sum()), 1e-6)
    sums = resized(levels * mask, blocks, Image.Resampling.BOX)
    # A block of little weight leans towards the mean of all.
    return np.asarray((sums + mean * np.float32(0.1)) / (share + np.float32(0.1)), np.float32)

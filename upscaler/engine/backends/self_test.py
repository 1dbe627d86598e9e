"""The self-test of a loaded model: a known image, before anything else goes through it."""

from __future__ import annotations

from typing import Any

import numpy as np

from upscaler.engine.backends.base import LoadedModel, Result, Window
from upscaler.engine.backends.golden import compare, has_reference
from upscaler.engine.backends.windows import check_numbers, run_window
from upscaler.errors import OutputRejected

_SIDE = 64
_BLOCK = 16
# Every model of the catalogue keeps the mean of each 16 px block of the known image within 11 levels of
# the input's; black, constant and channel-swapped results are 100 and more off in some block.
_TOLERATED_LEVELS = 25.0


def known_image() -> Window:
    """Return a small image with a gradient, a disc and a bar, near black to catch negatives that wrap."""
    rows, columns = np.mgrid[0:_SIDE, 0:_SIDE].astype(np.float32) / _SIDE
    image = np.stack([60 + 150 * columns, 200 - 120 * rows, 90 + 60 * (rows + columns)], axis=-1)
    image[(rows - 0.35) ** 2 + (columns - 0.6) ** 2 < 0.04] = (230, 190, 60)
    image[(rows > 0.7) & (rows < 0.85) & (columns > 0.1) & (columns < 0.7)] = (3, 4, 6)
    return image.astype(np.uint8)


def known_result(loaded: LoadedModel) -> Result:
    """Return the known image, upscaled by a model: float32 (64 * scale, 64 * scale, 3).

    Raises:
        OutputRejected: it has the wrong shape, or holds impossible numbers.

    """
    border = loaded.model.border
    result = run_window(
        loaded, np.pad(known_image(), ((border, border), (border, border), (0, 0)), mode="reflect")
    )
    # No model strays on this image.
    check_numbers(result, loaded.model)
    return result


def self_test(loaded: LoadedModel, precision: str | None = None) -> None:
    """Run the known image through a model and check the result.

    Args:
        loaded: the model to test.
        precision: the numbers that it computes in, or None where the backend only stands in for the model and gives
            another result: then, and for a custom model, the means of blocks are compared with the image's.

    Raises:
        OutputRejected: the result is not the image, upscaled, or not the known result.

    """
    model = loaded.model
    result = known_result(loaded)
    means = _block_means(result, _SIDE * model.scale) - _block_means(known_image(), _SIDE)
    worst = float(np.abs(means).max())
    if worst > _TOLERATED_LEVELS:
        raise OutputRejected(reason=f"the self-test of {model.name} is off by {worst:.0f} of 255 levels")
    if precision is not None and has_reference(model):
        compare(model, result, precision)


def _block_means(image: np.ndarray[Any, Any], side: int) -> np.ndarray[Any, Any]:
    count = _SIDE // _BLOCK
    blocks = image.reshape(count, side // count, count, side // count, 3)
    return np.asarray(blocks.mean(axis=(1, 3), dtype=np.float64))

"""Run a model on one window safely, whatever the window's size."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from upscaler.engine.backends.base import LoadedModel, Result, Window
from upscaler.engine.model_zoo.catalogue import Model
from upscaler.errors import OutputRejected

# Side in pixels of the smallest core that a window is cut down to.
SMALLEST_CORE = 32
# Levels below black and above white that a model's result may hold. The furthest that was seen of all models on
# photographs, text, gratings, blocks, pure noise and single colours: -1193 and 1407, waifu2x-cunet-n3 on a chequerboard
# of single pixels; all but the cunet models stay within -430 and 670.
_BEYOND_RANGE = 4096


def run_window(loaded: LoadedModel, window: Window, pause: Callable[[], None] = lambda: None) -> Result:
    """Run a model on a window of any size from ``2 * border + 1`` pixels on, and check its result.

    The numbers of a model that has a stand-in are not checked: they may be anything where it strays.

    Below its minimum a model may end the process, and at an odd size a U-Net loses its last pixels: such
    windows are extended to the right and below, and the surplus of the result is cut off.

    ``pause`` is called now and then where a window takes long; it may run the model on something else, or raise.

    Raises:
        OutputRejected: the result has the wrong shape, or numbers in it are not finite or far out of range.

    """
    model = loaded.model
    height, width, _ = window.shape
    full_height, full_width = _permitted(height, model), _permitted(width, model)
    if (full_height, full_width) != (height, width):
        window = np.pad(window, ((0, full_height - height), (0, full_width - width), (0, 0)), mode="edge")
    result = loaded.run_pausing(np.ascontiguousarray(window), pause)
    expected = (_result_side(full_height, model), _result_side(full_width, model), 3)
    if result.shape != expected:
        raise OutputRejected(reason=f"{model.name} gave {result.shape} in place of {expected}")
    if not model.stand_in:
        check_numbers(result, model)
    return result[: _result_side(height, model), : _result_side(width, model)]


def check_numbers(result: Result, model: Model) -> None:
    """Raise ``OutputRejected`` where a model's result holds numbers that are not finite or far out of range."""
    # A single NaN makes both extremes NaN.
    lowest, highest = float(result.min()), float(result.max())
    if not (math.isfinite(lowest) and math.isfinite(highest)):
        raise OutputRejected(reason=f"{model.name} gave numbers that are not finite")
    if lowest < -_BEYOND_RANGE or highest > 255 + _BEYOND_RANGE:
        raise OutputRejected(reason=f"{model.name} gave numbers out of range, {lowest:.0f} to {highest:.0f}")


def _permitted(side: int, model: Model) -> int:
    """Return the smallest side from ``side`` on that the model accepts."""
    return math.ceil(max(side, model.minimum_side) / model.multiple) * model.multiple


def _result_side(side: int, model: Model) -> int:
    return (side - 2 * model.border) * model.scale


def to_levels(result: Result | Window) -> NDArray[np.uint8]:
    """Round and clip float levels to uint8."""
    return np.clip(np.rint(result), 0, 255).astype(np.uint8)

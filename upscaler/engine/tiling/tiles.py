"""The geometry of tiles: an image is cut into overlapping windows.

A window is a core plus a margin. The margin covers the pixels that the models consume at their border, and those that
they need around the core so that neighbouring cores meet without a seam; only the core of a result is kept.
Feathering gains nothing once the margin is 24 pixels or more, so cores simply abut.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from upscaler.engine.backends.base import Result, Window
from upscaler.engine.backends.windows import SMALLEST_CORE
from upscaler.engine.imaging.image import Pixels
from upscaler.engine.model_zoo.catalogue import Model

# Models that pad with zeros inside get this many reflected pixels beyond the image's edge first.
_EDGE_PIXELS = 10


@dataclass(frozen=True)
class Span:
    """One axis of a window in input pixels: its core, and the range that is read, also beyond the image."""

    start: int
    stop: int
    read_start: int
    read_stop: int


def margin_for(models: Sequence[Model]) -> int:
    """Return the margin a side, in input pixels, that ``models`` one after another need."""
    return _through(models, [model.overlap for model in models])


def edge_for(models: Sequence[Model]) -> int:
    """Return how far beyond the image's edge, in input pixels, a window must reach."""
    return _through(models, [max(model.border, min(model.overlap, _EDGE_PIXELS)) for model in models])


def _through(models: Sequence[Model], pixels: Sequence[int]) -> int:
    """Add up pixels of each model's own input, as pixels of the first model's input."""
    total, scale = 0.0, 1
    for model, count in zip(models, pixels, strict=True):
        total += count / scale
        scale *= model.scale
    return math.ceil(total)


def core_side(window_side: int, margin: int, wanted: int = 0) -> int:
    """Return the core's side in pixels: the rest of the window, or ``wanted`` where that is smaller."""
    most = max(window_side - 2 * margin, SMALLEST_CORE)
    return min(wanted, most) if wanted else most


def spans(side: int, core: int, margin: int, edge: int) -> list[Span]:
    """Cut ``side`` pixels into balanced cores of at most ``core`` pixels, each with its margin.

    The margin is cut off ``edge`` pixels beyond the image, so that little is computed there.
    """
    count = math.ceil(side / core)
    bounds = [round(side * index / count) for index in range(count + 1)]
    return [
        Span(start, stop, max(start - margin, -edge), min(stop + margin, side + edge))
        for start, stop in itertools.pairwise(bounds)
    ]


def cut_evenly(
    sides: tuple[int, int], core: int, margin: int, edge: int, streams: int
) -> tuple[list[Span], list[Span]]:
    """Cut the height and the width of an image, so that ``streams`` windows at a time get through it soonest.

    One stream gets as few windows as ``core`` permits. More streams get some more, where otherwise one of them would
    have nothing to do: the parameters are those of ``spans``.
    """
    height, width = sides

    def cuts(side: int) -> list[list[Span]]:
        fewest = math.ceil(side / core)
        most = max(fewest, min(fewest + streams - 1, side // SMALLEST_CORE))
        return [spans(side, math.ceil(side / count), margin, edge) for count in range(fewest, most + 1)]

    def time(cut: tuple[list[Span], list[Span]]) -> tuple[int, int]:
        rows, columns = cut
        windows = len(rows) * len(columns)
        return math.ceil(windows / streams) * _longest(rows) * _longest(columns), windows

    return min(itertools.product(cuts(height), cuts(width)), key=time)


def _longest(cut: list[Span]) -> int:
    return max(span.read_stop - span.read_start for span in cut)


def read_window(rgb: Pixels | Window, rows: Span, columns: Span) -> Window:
    """Copy a window out of an image, or out of another window.

    Beyond it lies its reflection, or its edge where it is too small. Levels of 16 bits become levels from 0 to
    255 with fractions.
    """
    height, width, _ = rgb.shape
    inside = rgb[
        max(rows.read_start, 0) : min(rows.read_stop, height),
        max(columns.read_start, 0) : min(columns.read_stop, width),
    ]
    pads = [
        (max(-rows.read_start, 0), max(rows.read_stop - height, 0)),
        (max(-columns.read_start, 0), max(columns.read_stop - width, 0)),
        (0, 0),
    ]
    roomy = all(max(pad) < length for pad, length in zip(pads[:2], inside.shape[:2], strict=True))
    padded = np.pad(inside, pads, mode="reflect" if roomy else "edge")
    if padded.dtype == np.uint16:
        return np.divide(padded, np.float32(257), dtype=np.float32)
    return np.ascontiguousarray(padded)


def core_of(result: Result, models: Sequence[Model], rows: Span, columns: Span) -> Result:
    """Cut the core out of a window that went through ``models`` one after another."""
    lost, scale = 0, 1
    for model in models:
        lost = (lost + model.border) * model.scale
        scale *= model.scale
    top = (rows.start - rows.read_start) * scale - lost
    left = (columns.start - columns.read_start) * scale - lost
    return result[
        top : top + (rows.stop - rows.start) * scale,
        left : left + (columns.stop - columns.start) * scale,
    ]

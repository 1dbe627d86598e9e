"""Boxes around possible faces: arrays of (n, 4) floats, left, top, right and bottom in pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]


def best_of(boxes: Floats, scores: Floats, most: float, *, of_smaller: bool = False) -> NDArray[np.intp]:
    """Return the indices of boxes that no better one covers, best first (non-maximum suppression).

    A box is dropped when it shares more than ``most`` of its area with a better one: of the area of both together, or
    of the smaller one's with ``of_smaller``.
    """
    areas = np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1)
    # Among equals the first one wins, so that equal images give equal faces.
    waiting = np.argsort(-scores, kind="stable")
    kept = []
    while waiting.size:
        best, waiting = waiting[0], waiting[1:]
        kept.append(best)
        sides = np.minimum(boxes[best, 2:], boxes[waiting, 2:]) - np.maximum(
            boxes[best, :2], boxes[waiting, :2]
        )
        common = np.prod(np.maximum(sides, 0), axis=1)
        whole = (
            np.minimum(areas[best], areas[waiting]) if of_smaller else areas[best] + areas[waiting] - common
        )
        waiting = waiting[common <= most * np.maximum(whole, 1e-6)]
    return np.array(kept, np.intp)


def moved(boxes: Floats, by: Floats) -> Floats:
    """Move each edge by its share of the box's width or height."""
    sides = boxes[:, 2:] - boxes[:, :2]
    return np.asarray(boxes + by * np.tile(sides, 2), np.float32)


def squared(boxes: Floats) -> Floats:
    """Widen each box to a square with the same centre, on whole pixels."""
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True) / 2
    return np.rint(np.concatenate([centres - half, centres + half], axis=1)).astype(np.float32)


def cut_out(image: Image.Image, boxes: Floats, side: int) -> NDArray[np.uint8]:
    """Return the crops of the boxes, (n, side, side, 3); black beyond the image."""
    windows = np.empty((len(boxes), side, side, 3), np.uint8)
    for window, box in zip(windows, boxes, strict=True):
        left, top, right, bottom = (int(edge) for edge in box)
        part = image.crop((left, top, max(right, left + 1), max(bottom, top + 1)))
        window[:] = np.asarray(part.resize((side, side), Image.Resampling.BILINEAR))
    return windows

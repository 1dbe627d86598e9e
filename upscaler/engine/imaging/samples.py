"""Samples: what an image file stores, before its colours are converted to RGB."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from upscaler.engine.imaging.image import Pixels, as_8_bits, white_of
from upscaler.engine.notes import Note

Space = Literal["gray", "rgb", "cmyk", "lab"]
CHANNELS: dict[Space, int] = {"gray": 1, "rgb": 3, "cmyk": 4, "lab": 3}


@dataclass
class Samples:
    """Levels of one image, not turned yet, in the colour space of its file.

    Attributes:
        colour: uint8 or uint16 (H, W, channels); "cmyk" has 0 for no ink, "lab" has a and b offset by half.
        space: what the channels are.
        alpha: (H, W) of the same type, its largest value is opaque; None without transparency.
        notes: what reading changed.

    """

    colour: Pixels
    space: Space
    alpha: Pixels | None = None
    notes: list[Note] = field(default_factory=list)

    def mapped(self, change: Callable[[Pixels], Pixels]) -> Samples:
        """Return samples with both arrays changed."""
        alpha = None if self.alpha is None else change(self.alpha)
        return Samples(change(self.colour), self.space, alpha, self.notes)

    def reduced(self) -> Samples:
        """Return the samples with 8 bits."""
        return self.mapped(as_8_bits)


def to_levels(values: np.ndarray, bits: int) -> Pixels:
    """Spread unsigned whole numbers of 1 to 16 or 32 bits over uint8 (up to 8 bits) or uint16, rounding to nearest."""
    top = (1 << bits) - 1
    if bits in (8, 16):
        return values
    if bits == 32:
        # 2**32 - 1 is 65537 times 65535.
        return by_rows(values, np.dtype(np.uint16), lambda rows: (rows.astype(np.uint64) + 32768) // 65537)
    level = np.dtype(np.uint8 if bits < 8 else np.uint16)
    table = ((np.arange(top + 1, dtype=np.uint64) * np.iinfo(level).max + top // 2) // top).astype(level)
    levels: Pixels = table[values]
    return levels


def to_alpha_free(colour: Pixels, alpha: Pixels) -> Pixels:
    """Divide premultiplied colour (H, W, C) by its alpha (H, W); invisible pixels become 0."""
    white = white_of(colour)
    result = np.empty_like(colour)
    for row in range(colour.shape[0]):
        opacity = alpha[row].astype(np.uint64)[:, np.newaxis]
        scaled = colour[row].astype(np.uint64) * white + opacity // 2
        result[row] = np.minimum(np.where(opacity > 0, scaled // np.maximum(opacity, 1), 0), white)
    return result


def by_rows(values: np.ndarray, level: np.dtype[Any], convert: Callable[[np.ndarray], np.ndarray]) -> Pixels:
    """Convert an array row by row, so that wide temporary numbers stay few."""
    result = np.empty(values.shape, level)
    for row in range(values.shape[0]):
        result[row] = convert(values[row])
    return result

"""Crops: small pieces of an image, to try options on before the whole is upscaled."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from upscaler.engine.imaging.image import DecodedImage
from upscaler.engine.imaging.png import PngWriter, Tags
from upscaler.errors import CropOutside

# The longest side of a piece, in pixels: small enough for an answer within seconds, large enough to judge by.
MAX_CROP_SIDE = 256


@dataclass(frozen=True)
class Crop:
    """A rectangle in pixels of the upright image.

    Attributes:
        width: 1 to ``MAX_CROP_SIDE``; less where the image is smaller.
        height: likewise.
        left: distance from the left edge, None for the middle.
        top: distance from the upper edge, None for the middle.

    """

    width: int = MAX_CROP_SIDE
    height: int = MAX_CROP_SIDE
    left: int | None = None
    top: int | None = None

    def within(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Return left, top, right and lower edge in an image of that size; raise ``CropOutside``."""
        wide, high = min(self.width, width), min(self.height, height)
        left = (width - wide) // 2 if self.left is None else self.left
        top = (height - high) // 2 if self.top is None else self.top
        if left + wide > width or top + high > height:
            raise CropOutside(left=left, top=top, width=width, height=height)
        return left, top, left + wide, top + high


def cut(image: DecodedImage, crop: Crop, target: Path) -> None:
    """Write a piece of a decoded image as a PNG file: its pixels and their profile, no other metadata.

    Raises:
        CropOutside: the piece does not lie within the image.

    """
    left, top, right, bottom = crop.within(*image.size)
    area = np.s_[top:bottom, left:right]
    colour = image.rgb[area][..., :1] if image.gray_layout else image.rgb[area]
    parts = [colour] if image.alpha is None else [colour, image.alpha[area][..., np.newaxis]]
    pixels = np.concatenate(parts, axis=2)
    with target.open("wb") as file:
        layout = (pixels.shape[2], pixels.dtype)
        writer = PngWriter(file, (right - left, bottom - top), layout, Tags(image.profile))
        writer.write(pixels)
        writer.close()

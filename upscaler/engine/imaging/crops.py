"""Crops: small pieces of an image, to try options on before the whole is upscaled."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

from upscaler.errors import CropOutside

# The longest side of a piece, in pixels: small enough for an answer within seconds, large enough to judge by.
MAX_CROP_SIDE = 256

# Pillow's names of the layouts that a TIFF file can hold.
_KEPT_MODES = ("1", "L", "LA", "RGB", "RGBA", "CMYK", "I;16")


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


def cut(image: Image.Image, crop: Crop, target: Path) -> None:
    """Write a piece of a decoded image, upright and with its profile, as a TIFF file without other metadata.

    Raises:
        CropOutside: the piece does not lie within the image.

    """
    upright = ImageOps.exif_transpose(image)
    piece = upright.crop(crop.within(*upright.size))
    if piece.mode not in _KEPT_MODES:
        piece = piece.convert("RGBA" if piece.has_transparency_data else "RGB")
    # A file that Pillow fills from a fresh image holds nothing of the original but the pixels.
    clean = Image.frombytes(piece.mode, piece.size, piece.tobytes())
    clean.save(target, "TIFF", icc_profile=image.info.get("icc_profile"))

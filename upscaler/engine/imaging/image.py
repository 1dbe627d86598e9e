"""A decoded image on its way through the pipeline."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from upscaler.engine.imaging.jpeg_trace import JpegTrace
from upscaler.engine.notes import Note

# Levels of 8 or of 16 bits: uint8 or uint16.
Pixels = npt.NDArray[np.unsignedinteger[Any]]

# Luma by the weights of Rec. ITU-R BT.601.
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass
class DecodedImage:
    """Pixels, and the properties of a file that a result is to have as well.

    Attributes:
        rgb: uint8 or uint16 (H, W, 3), upright; three equal channels when ``gray``.
        alpha: (H, W) of the same type, its largest value is opaque; None when the file has no transparency.
        gray: whether there is no colour in it, whatever the file's layout.
        gray_layout: whether the file stores one channel, so that the result does as well.
        profile: ICC profile that ``rgb`` is in, or None for sRGB.
        dpi: resolution in dots per inch (horizontal, vertical), or None where the file has none.
        exif: EXIF data for the result, as a TIFF structure without the ``Exif`` header, or None.
        bit_depth: bits per channel as the file stores them; ``rgb`` may have fewer.
        jpeg: the JPEG compression that the image went through, or None.
        source: facts for the receipt about the file as it was.
        notes: for the receipt. Decoding notes what it changed; what was kept is known once the result is written.

    """

    rgb: Pixels
    alpha: Pixels | None
    gray: bool
    gray_layout: bool
    profile: bytes | None
    dpi: tuple[float, float] | None
    exif: bytes | None = None
    bit_depth: int = 8
    jpeg: JpegTrace | None = None
    source: dict[str, object] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.rgb.shape[1], self.rgb.shape[0]


def as_8_bits(pixels: Pixels) -> npt.NDArray[np.uint8]:
    """Return levels of 16 bits rounded to 8, row by row to keep temporary arrays small; those of 8 as they are."""
    if pixels.dtype == np.uint8:
        return pixels.astype(np.uint8, copy=False)
    result = np.empty(pixels.shape, np.uint8)
    for row in range(pixels.shape[0]):
        result[row] = (pixels[row].astype(np.uint32) + 128) // 257
    return result


def white_of(pixels: Pixels) -> int:
    """Return the largest level that the pixels' type holds: 255 or 65535."""
    return int(np.iinfo(pixels.dtype).max)


def to_luma(rgb: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the luma of float levels (H, W, 3) as (H, W, 1)."""
    return (rgb @ _LUMA)[..., np.newaxis]

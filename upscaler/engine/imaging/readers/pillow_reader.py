"""Files that Pillow reads right in every layout of theirs, and what other readers share with it."""

from __future__ import annotations

from typing import IO, Any

import numpy as np
from PIL import Image

from upscaler.engine.imaging.exif import orientation_of, read_exif
from upscaler.engine.imaging.image_format import ImageFormat
from upscaler.engine.imaging.readers.base import ColourTag, OpenedImage
from upscaler.engine.imaging.resolution import dpi_of_exif, valid_dpi
from upscaler.engine.imaging.samples import CHANNELS, Samples, Space

_SPACES: dict[str, Space] = {"1": "gray", "L": "gray", "RGB": "rgb", "CMYK": "cmyk", "LAB": "lab"}
_CENTIMETRES_PER_INCH = 2.54
_JFIF_CENTIMETRE = 2
_METADATA = ("exif", "xmp", "comment")


class PillowImage(OpenedImage):
    """An image opened by one of Pillow's readers.

    Args:
        file: to read, at its beginning; it stays open.
        kind: its format.

    """

    def __init__(self, file: IO[bytes], kind: ImageFormat) -> None:
        self.file = file
        self.image: Any = kind.reader.load_plugin()(file)
        self.size = self.image.size
        self.mode = self.image.mode
        self.has_alpha = self.image.has_transparency_data
        self.frames = getattr(self.image, "n_frames", 1)

    @property
    def orientation(self) -> int:  # type: ignore[override]
        """EXIF orientation that is still to be applied."""
        return orientation_of(self.exif())

    @property
    def dpi(self) -> tuple[float, float] | None:  # type: ignore[override]
        """Resolution in dots per inch: of JFIF or BMP, else of EXIF. Pillow makes up 72 where EXIF has none."""
        info = self.image.info
        if info.get("jfif_unit"):
            factor = _CENTIMETRES_PER_INCH if info["jfif_unit"] == _JFIF_CENTIMETRE else 1.0
            return valid_dpi([number * factor for number in info["jfif_density"]])
        found = None if self.image.format in ("JPEG", "MPO") else valid_dpi(info.get("dpi"))
        return found or dpi_of_exif(self.exif())

    @property
    def metadata(self) -> tuple[str, ...]:  # type: ignore[override]
        """Names of the kinds of metadata."""
        return tuple(name for name in _METADATA if self.image.info.get(name))

    def load(self) -> None:
        """Decode the image to its end."""
        self.image.load()

    def samples(self) -> Samples:
        """Decode the image."""
        self.image.load()
        return samples_of(self.image)

    def exif(self) -> Image.Exif:
        """Return the EXIF data."""
        return read_exif(self.image.info.get("exif", b""))

    def colour_tag(self) -> ColourTag:
        """Return the ICC profile."""
        return ColourTag(self.image.info.get("icc_profile"))

    def close(self) -> None:
        """Release the decoded pixels."""
        self.image.close()


def samples_of(image: Image.Image) -> Samples:
    """Return the samples of a decoded image with 8 bits per channel or fewer, in any of Pillow's layouts."""
    if not image.has_transparency_data:
        if image.mode not in _SPACES:
            image = image.convert("RGB")
        space = _SPACES[image.mode]
        colour = np.asarray(image.convert("L") if image.mode == "1" else image)
        return Samples(colour.reshape(*colour.shape[:2], CHANNELS[space]), space)
    is_gray = image.mode in ("1", "L", "LA", "La")
    # Pillow converts premultiplied layouts in one way only.
    whole = np.asarray((image.convert("LA") if image.mode == "La" else image).convert("RGBA"))
    return Samples(whole[..., : 1 if is_gray else 3], "gray" if is_gray else "rgb", whole[..., 3])

"""HEIC files, by libheif."""

from __future__ import annotations

from typing import IO

import numpy as np
import pillow_heif

from upscaler.engine.imaging.image_format import ImageFormat
from upscaler.engine.imaging.iso_image import TRACK
from upscaler.engine.imaging.iso_transforms import size_after
from upscaler.engine.imaging.readers.iso_reader import IDENTITY, IsoOpenedImage, without_premultiplication
from upscaler.errors import DamagedImage

# libheif's own limit on items; the tiles of large images are more. Sizes are limited here, before it sees a file.
_MOST_ITEMS = 1000


class HeicImage(IsoOpenedImage):
    """A HEIC file; arguments as of ``PillowImage``."""

    def __init__(self, file: IO[bytes], kind: ImageFormat) -> None:
        super().__init__(file, kind, b"hvc1")
        if self.image.kind == TRACK:
            raise self.unsupported("image sequence")
        if self.codes.matrix == IDENTITY and not self.codes.is_full:
            raise self.unsupported("RGB in the narrow range of video")

    def take_transforms(self) -> None:
        """Set the size after all transforms: libheif applies them."""
        self.size = size_after(self.image.size, self.image.transforms)

    def stored(self) -> np.ndarray:
        """Decode the image."""
        options = pillow_heif.options
        options.THUMBNAILS = options.DEPTH_IMAGES = options.AUX_IMAGES = False
        options.DISABLE_SECURITY_LIMITS = self.image.items >= _MOST_ITEMS
        self.file.seek(0)
        found = pillow_heif.HeifFile(self.file, convert_hdr_to_8bit=False)  # type: ignore[no-untyped-call]
        shown = found[found.primary_index]
        values = np.asarray(shown)
        if values.dtype == np.uint16:
            values = values >> (16 - self.bit_depth)
        if values.shape[:2] != (self.size[1], self.size[0]):
            raise DamagedImage
        return without_premultiplication(values, self.bit_depth) if shown.premultiplied_alpha else values

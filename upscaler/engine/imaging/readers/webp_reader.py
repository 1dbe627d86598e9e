"""WebP files: the first image by libvips, placed and transparent as browsers show it."""

from __future__ import annotations

import io
from functools import cached_property
from typing import IO

import numpy as np
from PIL import Image

from upscaler.engine.imaging.exif import orientation_of, read_exif
from upscaler.engine.imaging.file_parts import FileParts
from upscaler.engine.imaging.image_format import ImageFormat
from upscaler.engine.imaging.libvips import read_pixels
from upscaler.engine.imaging.readers.base import ColourTag, OpenedImage
from upscaler.engine.imaging.resolution import dpi_of_exif
from upscaler.engine.imaging.samples import Samples
from upscaler.engine.imaging.webp_chunks import read_chunks
from upscaler.errors import DamagedImage, UnsupportedLayout

_OPAQUE = 255


class WebpImage(OpenedImage):
    """A WebP file; arguments as of ``PillowImage``."""

    def __init__(self, file: IO[bytes], kind: ImageFormat) -> None:
        self._file = file
        self._label = kind.label
        self._chunks = chunks = read_chunks(file)
        self.size = chunks.size
        self.has_alpha = chunks.has_alpha or not chunks.fills
        self.mode = "RGBA" if self.has_alpha else "RGB"
        self.frames = chunks.frames
        names = {"exif": bool(chunks.exif), "xmp": chunks.xmp}
        self.metadata = tuple(name for name, is_there in names.items() if is_there)

    @property
    def orientation(self) -> int:  # type: ignore[override]
        """EXIF orientation."""
        return orientation_of(self._exif)

    @property
    def dpi(self) -> tuple[float, float] | None:  # type: ignore[override]
        """Resolution in dots per inch: of EXIF, the format has none."""
        return dpi_of_exif(self._exif)

    def load(self) -> None:
        """Decode the image to its end."""
        self.samples()

    def samples(self) -> Samples:
        """Decode the image."""
        chunks = self._chunks
        parts = io.BufferedReader(FileParts(self._file, chunks.parts))
        pixels = read_pixels(parts, fail_on="error")
        if pixels.shape != (self.size[1], self.size[0], 4):
            raise DamagedImage
        alpha = np.ascontiguousarray(pixels[..., 3]) if self.has_alpha else None
        if chunks.has_alpha and chunks.denies_alpha and (self._of_image(pixels)[..., 3] < _OPAQUE).any():
            raise UnsupportedLayout(kind=self._label, layout="transparency that its header denies")
        return Samples(np.ascontiguousarray(pixels[..., :3]), "rgb", alpha)

    def exif(self) -> Image.Exif:
        """Return the EXIF data."""
        return self._exif

    def colour_tag(self) -> ColourTag:
        """Return the ICC profile."""
        return ColourTag(self._chunks.icc)

    def close(self) -> None:
        """Do nothing: nothing is held."""

    @cached_property
    def _exif(self) -> Image.Exif:
        return read_exif(self._chunks.exif)

    def _of_image(self, pixels: np.ndarray) -> np.ndarray:
        """Return the pixels of the whole that the image covers."""
        chunks = self._chunks
        return pixels[chunks.top : chunks.top + chunks.height, chunks.left : chunks.left + chunks.width]

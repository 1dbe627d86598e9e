"""JPEG files: the kinds that are known, decoded without a warning."""

from __future__ import annotations

import io
from functools import cached_property
from typing import IO

import numpy as np
from PIL import Image

from upscaler.engine.imaging import exif as exif_data
from upscaler.engine.imaging.cicp import Encoding
from upscaler.engine.imaging.file_parts import FileParts
from upscaler.engine.imaging.icc_profile import Curve, Primaries
from upscaler.engine.imaging.image import Pixels
from upscaler.engine.imaging.image_format import ImageFormat
from upscaler.engine.imaging.jpeg_segments import PROGRESSIVE, SEQUENTIAL, JpegSegments, read_segments
from upscaler.engine.imaging.libvips import read_pixels
from upscaler.engine.imaging.readers.base import ColourTag, OpenedImage
from upscaler.engine.imaging.resolution import dpi_of_exif, valid_dpi
from upscaler.engine.imaging.samples import Samples, Space
from upscaler.errors import DamagedImage, UnsupportedLayout

_SPACES: dict[int, Space] = {1: "gray", 3: "rgb", 4: "cmyk"}
_MODES = {"gray": "L", "rgb": "RGB", "cmyk": "CMYK"}
# Adobe Technical Note 5116: 0 is RGB or CMYK, 1 YCbCr, 2 YCCK.
_TRANSFORMS = {3: (0, 1), 4: (0, 2)}
_LIBJPEG_MOST = 65500
_LS = 0xF7
_END = b"\xff\xd9"
_OTHER_END = bytes(range(1, 200)) * 3 + _END
_RGBA = tuple(b"RGBA")
_ADOBE_RGB = Encoding(
    "Adobe RGB (1998)",
    Primaries((0.3127, 0.329), (0.64, 0.33), (0.21, 0.71), (0.15, 0.06)),
    Curve(563 / 256),
)


class JpegImage(OpenedImage):
    """A JPEG file; arguments as of ``OpenedImage``."""

    def __init__(self, file: IO[bytes], kind: ImageFormat) -> None:
        self._file = file
        self._label = kind.label
        self._segments = segments = read_segments(file)
        problem = _problem(segments)
        if problem is not None:
            raise UnsupportedLayout(kind=kind.label, layout=problem)
        if not all(segments.size):
            raise DamagedImage
        self.size = segments.size
        self._space = _SPACES[len(segments.components)]
        self.mode = _MODES[self._space]
        self.has_alpha = False
        self.frames = segments.images
        self.has_gain_map = segments.has_gain_map
        self.metadata = tuple(
            name for name in ("exif", "iptc", "xmp", "comment") if name in segments.metadata
        )

    @property
    def orientation(self) -> int:  # type: ignore[override]
        """EXIF orientation."""
        return exif_data.orientation_of(self._exif)

    @property
    def dpi(self) -> tuple[float, float] | None:  # type: ignore[override]
        """Resolution in dots per inch: of JFIF, else of EXIF."""
        return valid_dpi(self._segments.dpi) or dpi_of_exif(self._exif)

    def load(self) -> None:
        """Decode the image to its end."""
        self._pixels()

    def samples(self) -> Samples:
        """Decode the image."""
        return Samples(self._pixels(), self._space)

    def exif(self) -> Image.Exif:
        """Return the EXIF data."""
        return self._exif

    def colour_tag(self) -> ColourTag:
        """Return the ICC profile; without one, what a camera says."""
        icc = self._segments.icc
        if icc is None and self._space == "rgb" and exif_data.is_adobe_rgb(self._exif):
            return ColourTag(encoding=_ADOBE_RGB)
        return ColourTag(icc)

    def close(self) -> None:
        """Do nothing: nothing is held."""

    @cached_property
    def _exif(self) -> Image.Exif:
        return exif_data.read_exif(self._segments.exif)

    def _pixels(self) -> Pixels:
        if max(self.size) > _LIBJPEG_MOST:
            raise UnsupportedLayout(kind=self._label, layout=f"a side of more than {_LIBJPEG_MOST} pixels")
        pixels = self._decoded(_END)
        # Decoders fill in the end of the last rows without a word. A whole image needs no more data.
        if self._may_lack_data(pixels) and not np.array_equal(pixels, self._decoded(_OTHER_END)):
            raise DamagedImage
        return pixels

    def _may_lack_data(self, pixels: Pixels) -> bool:
        """Return whether the end of the data may be missing. Of several scans, all are read before the first row."""
        if self._segments.scans > 1 or self._segments.process == PROGRESSIVE:
            return False
        # Blocks without data are medium gray.
        is_filled_in = bool((np.abs(pixels[-1:, -1:].astype(int) - 128) <= 1).all())
        return is_filled_in or not self._segments.has_end

    def _decoded(self, end: bytes) -> Pixels:
        # All that a warning can be about, other than pixels, was left out or put right.
        parts = io.BufferedReader(FileParts(self._file, [*self._segments.parts, end]))
        pixels = read_pixels(parts, fail_on="warning")
        if pixels.shape != (self.size[1], self.size[0], len(self._segments.components)):
            raise DamagedImage
        return pixels


def _problem(segments: JpegSegments) -> str | None:
    """Return what of a file is not supported, None where all is."""
    count = len(segments.components)
    if segments.is_hierarchical:
        return "hierarchical JPEG"
    if segments.process not in (*SEQUENTIAL, PROGRESSIVE):
        return "JPEG-LS" if segments.process == _LS else f"JPEG process SOF{segments.process - 0xC0}"
    if segments.depth != 8:
        return f"{segments.depth} bits per channel"
    if count not in _SPACES:
        return f"{count} channels"
    if segments.size[1] == 0:
        return "number of rows behind the first scan"
    return _sampling_problem(segments) or _colour_problem(segments)


def _sampling_problem(segments: JpegSegments) -> str | None:
    across = [factor for _, factor, _ in segments.components]
    down = [factor for _, _, factor in segments.components]
    if not all(across) or not all(down):
        raise DamagedImage
    if any(max(across) % factor for factor in across) or any(max(down) % factor for factor in down):
        return "channels of fractional size"
    return None


def _colour_problem(segments: JpegSegments) -> str | None:
    """Return why the meaning of the channels is not known; the rules are those of libjpeg and of browsers."""
    count, transform = len(segments.components), segments.transform
    if count == 1 or (count == 3 and segments.has_jfif):
        return None
    if transform is not None:
        return None if transform in _TRANSFORMS[count] else f"Adobe transform {transform}"
    numbers = tuple(number for number, _, _ in segments.components)
    if count == 4 and (segments.has_jfif or numbers == _RGBA):
        # JFIF knows no CMYK: Java's encoder writes RGB with transparency so.
        return "4 channels without a meaning"
    return None

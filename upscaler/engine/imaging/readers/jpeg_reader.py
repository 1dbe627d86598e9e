"""JPEG files: the kinds that are known, decoded without a warning."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cached_property
from typing import IO, cast

import numpy as np
from PIL import Image

from upscaler.engine.imaging import exif as exif_data
from upscaler.engine.imaging.cicp import Encoding
from upscaler.engine.imaging.file_parts import FileParts, Part
from upscaler.engine.imaging.icc_profile import Curve, Primaries
from upscaler.engine.imaging.image import Pixels
from upscaler.engine.imaging.image_format import ImageFormat
from upscaler.engine.imaging.jpeg_segments import PROGRESSIVE, SEQUENTIAL, JpegSegments, read_segments
from upscaler.engine.imaging.jpeg_steps import luma_steps
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
# Bytes at the end of the data that every whole image needs, with room for a restart marker behind the last block.
_NEEDED_BYTES = 16
_MOST_FILLING = 1 << 16
# Those of the last blocks, which have up to four times eight.
_LAST_ROWS = 32
_RGBA = tuple(b"RGBA")
_ADOBE_RGB = Encoding(
    "Adobe RGB (1998)",
    Primaries((0.3127, 0.329), (0.64, 0.33), (0.21, 0.71), (0.15, 0.06)),
    Curve(563 / 256),
)


class JpegImage(OpenedImage):
    """A JPEG file; arguments as of ``PillowImage``."""

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
        self.luma_steps = luma_steps(segments.quantisation, segments.luma_table)
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
        # Nor do they say that they lost their way in damaged data, and had all rows before its end.
        if self._has_one_scan and self._is_whole_without_its_end(pixels):
            raise DamagedImage
        return pixels

    def _is_whole_without_its_end(self, pixels: Pixels) -> bool:
        """Return whether the last blocks are the same without the last bytes of the data."""
        *parts, data = self._segments.parts
        start, length = _shortened(self._file, data)
        if length < _NEEDED_BYTES:
            # So little data may be what the other end happens to be.
            return False
        file = self._file_of([*parts, (start, length), _OTHER_END])
        try:
            last = read_pixels(file, last_rows=_LAST_ROWS, fail_on="warning")
        except DamagedImage:
            return False
        return np.array_equal(pixels[-_LAST_ROWS:], last)

    @property
    def _has_one_scan(self) -> bool:
        """Whether rows are decoded while the data is read. Of several scans, all are read before the first row."""
        return self._segments.scans == 1 and self._segments.process != PROGRESSIVE

    def _may_lack_data(self, pixels: Pixels) -> bool:
        """Return whether the end of the data may be missing."""
        if not self._has_one_scan:
            return False
        # Blocks without data are medium gray.
        is_filled_in = bool((np.abs(pixels[-1:, -1:].astype(int) - 128) <= 1).all())
        return is_filled_in or not self._segments.has_end

    def _decoded(self, end: bytes) -> Pixels:
        pixels = read_pixels(self._file_of([*self._segments.parts, end]), fail_on="warning")
        if pixels.shape != (self.size[1], self.size[0], len(self._segments.components)):
            raise DamagedImage
        return pixels

    def _file_of(self, parts: Sequence[Part]) -> io.BufferedReader:
        """Return a file in which all that a warning can be about, other than pixels, was left out or put right."""
        return io.BufferedReader(FileParts(self._file, parts))


def _shortened(file: IO[bytes], data: Part) -> tuple[int, int]:
    """Return a range of the file without what some writers fill up the data with, and without some bytes more."""
    start, length = cast("tuple[int, int]", data)
    last = min(length, _MOST_FILLING)
    file.seek(start + length - last)
    filling = last - len(file.read(last).rstrip(b"\0\xff"))
    return start, max(0, length - filling - _NEEDED_BYTES)


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

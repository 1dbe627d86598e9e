"""BMP files, every layout of Windows and OS/2 whose pixels are not another format's."""

from __future__ import annotations

from typing import IO

import numpy as np
from PIL import Image

from upscaler.engine.imaging import bmp_header, bmp_runs
from upscaler.engine.imaging.bmp_header import BmpColours, read_header
from upscaler.engine.imaging.cicp import Encoding
from upscaler.engine.imaging.icc_profile import Curve, Primaries
from upscaler.engine.imaging.image import Pixels
from upscaler.engine.imaging.image_format import ImageFormat
from upscaler.engine.imaging.readers.base import ColourTag, OpenedImage
from upscaler.engine.imaging.resolution import valid_dpi
from upscaler.engine.imaging.samples import Samples
from upscaler.errors import DamagedImage, UnsupportedLayout

_RUNS = (bmp_header.RLE4, bmp_header.RLE8, bmp_header.RLE24)
# The header names no white; that of sRGB is Windows's.
_D65 = (0.3127, 0.329)
# Chromaticities x, y and z add up to 1. Tristimulus values do not, and readers differ on those.
_SUM_TOLERANCE = 0.02
_GAMMAS = (1.0, 3.0)
_GAMMA_TOLERANCE = 0.001


class BmpImage(OpenedImage):
    """A BMP file; arguments as of ``PillowImage``."""

    def __init__(self, file: IO[bytes], kind: ImageFormat) -> None:
        self._file = file
        self._label = kind.label
        self._header = header = read_header(file)
        self.size = (header.width, header.height)
        self.bit_depth = max(mask.bit_count() for mask in header.masks[:3]) or 8
        self.dpi = valid_dpi(header.dpi)
        self.has_alpha = bool(header.masks[3])
        self._is_gray = bool(header.palette) and all(
            red == green == blue for red, green, blue in header.palette
        )
        self.mode = "P" if header.palette else "RGBA" if self.has_alpha else "RGB"

    def load(self) -> None:
        """Decode the image to its end."""
        self.samples()

    def samples(self) -> Samples:
        """Decode the image."""
        header = self._header
        if header.compression in _RUNS:
            self._file.seek(header.pixels_at)
            stored = bmp_runs.unpacked(self._file.read(), header)
        else:
            stored = self._rows()
        if not header.top_down:
            stored = stored[::-1]
        return self._by_palette(stored[..., 0]) if header.bits <= 8 else self._by_masks(stored)

    def exif(self) -> Image.Exif:
        """Return EXIF data without tags: the format has none."""
        return Image.Exif()

    def colour_tag(self) -> ColourTag:
        """Return the colours that a header of version 4 or 5 describes."""
        colours = self._header.colours
        if colours is None:
            return ColourTag()
        if colours.kind == bmp_header.EMBEDDED:
            offset, length = colours.profile
            self._file.seek(offset)
            return ColourTag(self._file.read(length) if length else None)
        if colours.kind == bmp_header.LINKED:
            raise UnsupportedLayout(kind=self._label, layout="a colour profile in another file")
        if colours.kind == bmp_header.CALIBRATED and any(colours.endpoints):
            return ColourTag(encoding=self._calibrated(colours))
        return ColourTag()

    def close(self) -> None:
        """Do nothing: nothing is held."""

    def _calibrated(self, colours: BmpColours) -> Encoding:
        points = [colours.endpoints[start : start + 3] for start in (0, 3, 6)]
        # The documentation does not say which way the exponent goes, and writers differ; it is never below 1 for light.
        gammas = [1 / value if 0 < value < 1 else value for value in colours.gammas]
        gamma = gammas[0]
        if any(abs(sum(point) - 1) > _SUM_TOLERANCE for point in points):
            raise UnsupportedLayout(kind=self._label, layout="colours by tristimulus values")
        if max(gammas) - min(gammas) > _GAMMA_TOLERANCE or not _GAMMAS[0] <= gamma <= _GAMMAS[1]:
            exponents = "/".join(f"{value:.3g}" for value in colours.gammas)
            raise UnsupportedLayout(kind=self._label, layout=f"colours with the gamma {exponents}")
        primaries = Primaries(_D65, *((x, y) for x, y, _ in points))
        return Encoding(f"calibrated RGB, gamma {gamma:.3g}", primaries, Curve(gamma))

    def _rows(self) -> np.ndarray:
        """Return samples as stored: (H, W, 1) of 8, 16 or 32 bits, or uint8 (H, W, 3)."""
        header = self._header
        self._file.seek(0, 2)
        # The last row need not be filled up to a whole word.
        needed = header.stride * (header.height - 1) + header.row_bytes
        if self._file.tell() - header.pixels_at < needed:
            raise DamagedImage
        self._file.seek(header.pixels_at)
        content = self._file.read(header.stride * header.height)
        rows = np.frombuffer(content.ljust(header.stride * header.height, b"\0"), np.uint8)
        rows = rows.reshape(header.height, header.stride)[:, : header.row_bytes]
        if header.bits == 24:
            return rows.reshape(header.height, header.width, 3)
        if header.bits >= 16:
            return np.ascontiguousarray(rows).view(f"<u{header.bits // 8}")[..., np.newaxis]
        if header.bits == 8:
            return rows[..., np.newaxis]
        shifts = np.arange(8 - header.bits, -1, -header.bits, dtype=np.uint8)
        places = rows[..., np.newaxis] >> shifts & ((1 << header.bits) - 1)
        return places.reshape(header.height, -1)[:, : header.width, np.newaxis]

    def _by_palette(self, places: np.ndarray) -> Samples:
        # Places behind the end of the table are black, as in browsers.
        table = np.zeros((256, 3), np.uint8)
        if self._header.palette:
            table[: len(self._header.palette)] = self._header.palette
        colour: Pixels = table[:, :1][places] if self._is_gray else table[places]
        return Samples(colour, "gray" if self._is_gray else "rgb")

    def _by_masks(self, stored: np.ndarray) -> Samples:
        masks = self._header.masks
        level = np.uint16 if self.bit_depth > 8 else np.uint8
        pixels = stored[..., 0]
        if stored.shape[2] == 3:
            if masks == (0xFF0000, 0xFF00, 0xFF, 0):
                return Samples(np.ascontiguousarray(stored[..., ::-1]), "rgb")
            pixels = stored.astype(np.uint32) @ np.array([1, 1 << 8, 1 << 16], np.uint32)
        channels = [_channel(pixels, mask, level) for mask in masks]
        alpha = channels[3] if masks[3] else None
        # Many writers name an alpha channel and leave it empty.
        return Samples(
            np.stack(channels[:3], axis=-1), "rgb", alpha if alpha is not None and alpha.any() else None
        )


def _channel(pixels: np.ndarray, mask: int, level: type[np.uint8 | np.uint16]) -> Pixels:
    """Return the levels (H, W) of one bit field, spread over the range of ``level``."""
    if not mask:
        return np.zeros(pixels.shape, level)
    top, white = mask // (mask & -mask), int(np.iinfo(level).max)
    values = (pixels & pixels.dtype.type(mask)) >> pixels.dtype.type((mask & -mask).bit_length() - 1)
    table = ((np.arange(top + 1, dtype=np.uint64) * white + top // 2) // top).astype(level)
    levels: Pixels = table[values]
    return levels

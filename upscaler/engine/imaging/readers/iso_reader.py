"""What is common to the readers of AVIF and HEIC files: facts, colours and metadata from their boxes."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import IO

import numpy as np
from PIL import Image

from upscaler.engine.imaging import cicp
from upscaler.engine.imaging.cicp import CodePoints
from upscaler.engine.imaging.exif import read_exif
from upscaler.engine.imaging.image_format import ImageFormat
from upscaler.engine.imaging.iso_image import DERIVED, TRACK, read_image
from upscaler.engine.imaging.iso_transforms import UnusualTransformsError
from upscaler.engine.imaging.readers.base import ColourTag, OpenedImage
from upscaler.engine.imaging.resolution import dpi_of_exif
from upscaler.engine.imaging.samples import Samples, to_alpha_free, to_levels
from upscaler.errors import UnsupportedLayout

IDENTITY, YCGCO, _DERIVED = 0, 8, 12
# Matrices of H.273, table 4, that decoders apply right; 2 is unspecified, which means BT.601 to all of them.
_MATRICES = frozenset({IDENTITY, 1, 2, 4, 5, 6, 7, YCGCO, 9, _DERIVED})
# Primaries from which all decoders derive the same matrix.
_PRIMARIES = frozenset({1, 9, 11, 12})
_UNSPECIFIED = CodePoints(2, 2, 2, is_full=True)


class IsoOpenedImage(OpenedImage):
    """An AVIF or HEIC file.

    Args:
        file: to read, at its beginning; it stays open.
        kind: its format.
        coding: type of coded images that the reader knows.

    """

    def __init__(self, file: IO[bytes], kind: ImageFormat, coding: bytes) -> None:
        self.file = file
        self.label = kind.label
        self.image = image = read_image(file)
        self.codes = image.codes or _UNSPECIFIED
        if image.coding != coding or image.kind not in (coding, TRACK, *DERIVED):
            name = (image.kind if image.coding == coding else image.coding).decode("latin-1")
            raise self.unsupported(f"images of the type {name}")
        if not image.is_square:
            raise self.unsupported("pixels that are not square")
        if not _is_known(self.codes):
            ending = "" if self.codes.is_full else " in the narrow range of video"
            raise self.unsupported(f"colours by the matrix {self.codes.matrix}{ending}")
        self.bit_depth = image.depth
        self.has_alpha = image.has_alpha
        self.mode = ("L" if image.is_gray else "RGB") + ("A" if image.has_alpha else "")
        self.frames = image.frames
        self.has_gain_map = image.has_gain_map
        names = {"exif": bool(image.exif), "xmp": image.has_xmp}
        self.metadata = tuple(name for name, is_there in names.items() if is_there)
        try:
            self.take_transforms()
        except UnusualTransformsError as error:
            raise self.unsupported(str(error)) from error

    @property
    def dpi(self) -> tuple[float, float] | None:  # type: ignore[override]
        """Resolution in dots per inch: of EXIF, the formats have none."""
        return dpi_of_exif(self._exif)

    @abstractmethod
    def take_transforms(self) -> None:
        """Set ``size`` and ``orientation``; raise ``UnusualTransformsError`` where that is not known."""

    @abstractmethod
    def stored(self) -> np.ndarray:
        """Decode the image: whole numbers of its depth, (H, W) or (H, W, channels), in the size of ``size``."""

    def load(self) -> None:
        """Decode the image to its end."""
        self.samples()

    def samples(self) -> Samples:
        """Decode the image."""
        values = self.stored()
        if values.ndim == 2:
            values = values[..., np.newaxis]
        level = np.uint8 if self.bit_depth == 8 else np.uint16
        levels = np.ascontiguousarray(to_levels(values.astype(level, copy=False), self.bit_depth))
        colours = 1 if levels.shape[2] < 3 else 3
        alpha = np.ascontiguousarray(levels[..., -1]) if levels.shape[2] in (2, 4) else None
        return Samples(levels[..., :colours], "gray" if colours == 1 else "rgb", alpha)

    def exif(self) -> Image.Exif:
        """Return the EXIF data."""
        return self._exif

    def colour_tag(self) -> ColourTag:
        """Return the ICC profile, or the colours by code points; a profile says more (ISO/IEC 23000-22, 7.3.6.4)."""
        try:
            encoding = cicp.of_codes(self.codes.primaries, self.codes.transfer, video_as_srgb=True)
        except cicp.UnknownColoursError as error:
            raise self.unsupported(str(error)) from error
        return ColourTag(self.image.icc) if self.image.icc else ColourTag(encoding=encoding)

    def close(self) -> None:
        """Do nothing: nothing is held."""

    def unsupported(self, layout: str) -> UnsupportedLayout:
        """Return the error for a layout."""
        return UnsupportedLayout(kind=self.label, layout=layout)

    @cached_property
    def _exif(self) -> Image.Exif:
        return read_exif(self.image.exif)


def _is_known(codes: CodePoints) -> bool:
    """Return whether decoders apply a matrix right."""
    if codes.matrix == _DERIVED:
        return codes.primaries in _PRIMARIES
    return codes.matrix in _MATRICES and (codes.matrix != YCGCO or codes.is_full)


def without_premultiplication(values: np.ndarray, depth: int) -> np.ndarray:
    """Divide colours (H, W, 4) of ``depth`` bits by their opacity."""
    levels = to_levels(values, depth)
    divided = np.dstack([to_alpha_free(levels[..., :3], levels[..., 3]), levels[..., 3]])
    return divided if depth == 8 else (divided.astype(np.uint32) * ((1 << depth) - 1) + 32767) // 65535

"""AVIF files: by libavif as in browsers, or by libheif, whichever is proven right for a layout."""

from __future__ import annotations

from typing import IO

import numpy as np

from upscaler.engine.imaging.image_format import ImageFormat
from upscaler.engine.imaging.iso_image import TRACK
from upscaler.engine.imaging.iso_transforms import UnusualTransformsError, crop_and_orientation
from upscaler.engine.imaging.libvips import read_pixels
from upscaler.engine.imaging.orientation import as_stored
from upscaler.engine.imaging.readers.iso_reader import IDENTITY, IsoOpenedImage, without_premultiplication
from upscaler.errors import DamagedImage

_BY_LIBAVIF = (b"av01", b"grid")
# With 8 bits in the narrow range, libavif's fast conversions are up to 7 levels off for these (BT.709, BT.2020).
_ROUGH_MATRICES = (1, 9, 12)


class AvifImage(IsoOpenedImage):
    """An AVIF file; arguments as of ``PillowImage``."""

    def __init__(self, file: IO[bytes], kind: ImageFormat) -> None:
        super().__init__(file, kind, b"av01")
        self._plugin = kind.reader.load_plugin()
        is_rough = self.bit_depth == 8 and not self.codes.is_full and self.codes.matrix in _ROUGH_MATRICES
        if self.image.has_narrow_alpha:
            raise self.unsupported("transparency in the narrow range of video")
        if self.image.kind == TRACK and is_rough:
            raise self.unsupported(
                f"a sequence by the matrix {self.codes.matrix} in the narrow range of video"
            )
        self._decode = self._by_libheif
        if self.image.kind == TRACK:
            self._decode = self._by_pillow
        elif self.image.kind in _BY_LIBAVIF and not is_rough:
            self._decode = self._by_libavif
        elif self.codes.matrix == IDENTITY and not self.codes.is_full:
            raise self.unsupported("images made of others, in the narrow range of video")

    def take_transforms(self) -> None:
        """Set the size after a crop, and the orientation; libavif leaves both to its callers."""
        if self.image.kind == TRACK and self.image.transforms:
            raise UnusualTransformsError("a turned sequence")
        self._crop, self.orientation = crop_and_orientation(self.image.size, self.image.transforms)
        self.size = (self._crop[2], self._crop[3])

    def stored(self) -> np.ndarray:
        """Decode the image."""
        values = self._decode()
        if values.shape[:2] != (self.size[1], self.size[0]):
            raise DamagedImage
        return values

    def _by_libavif(self) -> np.ndarray:
        import imagecodecs  # noqa: PLC0415 - it is large, and most inspected files do not need it

        values: np.ndarray = imagecodecs.avif_decode(self._without_marks())
        if values.shape[:2] != (self.image.size[1], self.image.size[0]):
            raise DamagedImage
        if self.image.is_premultiplied and values.ndim == 3 and values.shape[2] == 4:
            values = without_premultiplication(values, self.bit_depth)
        left, above, width, height = self._crop
        return values[above : above + height, left : left + width]

    def _without_marks(self) -> bytes:
        """Return the file without EXIF data, for which libavif refuses whole images when it is odd.

        Neither does it say that colours are premultiplied: libavif's division by opacity is rough.
        """
        self.file.seek(0)
        content = self.file.read()
        for kind, mark in ((b"iinf", b"Exif"), (b"iref", b"prem")):
            stored = self.image.lists.get(kind, b"")
            if mark in stored:
                content = content.replace(stored, stored.replace(mark, b"free"), 1)
        return content

    def _by_pillow(self) -> np.ndarray:
        """Return the first image of a sequence, which Pillow takes from libavif alone; it reduces it to 8 bits."""
        self.file.seek(0)
        image = self._plugin(self.file)
        image.load()
        values = np.asarray(image).astype(np.uint32)
        return (values * ((1 << self.bit_depth) - 1) + 127) // 255

    def _by_libheif(self) -> np.ndarray:
        """Return what libheif gives by way of libvips: turned already, and multiplied by opacity as stored."""
        self.file.seek(0)
        values: np.ndarray = read_pixels(self.file, fail_on="error")
        if values.dtype == np.uint16:
            values = values >> (16 - self.bit_depth)
        if self.image.is_premultiplied and values.shape[2] == 4:
            values = without_premultiplication(values, self.bit_depth)
        return as_stored(values, self.orientation)

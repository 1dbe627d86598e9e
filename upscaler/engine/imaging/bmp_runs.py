"""Run-length coding of BMP files."""

from __future__ import annotations

import numpy as np

from upscaler.engine.imaging.bmp_header import RLE4, RLE24, BmpHeader
from upscaler.errors import DamagedImage, UnsupportedLayout

_END_OF_ROW, _END_OF_IMAGE, _MOVE = 0, 1, 2


def unpacked(content: bytes, header: BmpHeader) -> np.ndarray:
    """Return samples in the order of the file: uint8 (H, W, 1), or (H, W, 3).

    What a run has beyond the end of its row is left out.

    Raises:
        DamagedImage: the data ends early or makes no sense.
        UnsupportedLayout: it passes over pixels, which readers show as transparent, as black or in the first colour.

    """
    runs = _Runs(header)
    at = 0
    while runs.row < header.height:
        count, code = content[at : at + 2] if at + 2 <= len(content) else runs.missing()
        if count:
            runs.put(runs.spread(content[at + 1 : at + 1 + runs.unit], count), count)
            at += 1 + runs.unit
        elif code == _END_OF_IMAGE:
            break
        else:
            at += 2 + runs.obey(code, content, at + 2)
    if not all(runs.present):
        raise UnsupportedLayout(kind="BMP", layout="pixels that are left out")
    return np.frombuffer(bytes(runs.samples), np.uint8).reshape(header.height, header.width, runs.unit)


class _Runs:
    """The image while it is filled, and the place where the next pixel goes."""

    def __init__(self, header: BmpHeader) -> None:
        self._width, self._height = header.width, header.height
        self._is_halves = header.compression == RLE4
        self.unit = 3 if header.compression == RLE24 else 1
        self.samples = bytearray(header.width * header.height * self.unit)
        self.present = bytearray(header.width * header.height)
        self.row = self.column = 0

    def missing(self) -> tuple[int, int]:
        """Return the end of the image where the data ends without one, behind the last pixel."""
        if self.row == self._height - 1 and self.column == self._width:
            return 0, _END_OF_IMAGE
        raise DamagedImage

    def obey(self, code: int, content: bytes, at: int) -> int:
        """Follow any other code, whose data begins at ``at``; return how long that is."""
        if code == _END_OF_ROW:
            self.row, self.column = self.row + 1, 0
            return 0
        if code == _MOVE:
            if at + 2 > len(content):
                raise DamagedImage
            self.move(content[at], content[at + 1])
            return 2
        length = self.bytes_of(code)
        if at + length > len(content) or self.column + code > self._width:
            raise DamagedImage
        self.put(self.literal(content[at : at + length]), code)
        return length + length % 2

    def bytes_of(self, count: int) -> int:
        """Return the bytes of pixels that are listed one by one."""
        return (count + 1) // 2 if self._is_halves else count * self.unit

    def literal(self, data: bytes) -> bytes:
        """Return the samples of such pixels, one byte each."""
        return bytes(half for byte in data for half in (byte >> 4, byte & 15)) if self._is_halves else data

    def spread(self, data: bytes, count: int) -> bytes:
        """Return the samples of pixels that are all alike, or alternate."""
        if len(data) < self.unit:
            raise DamagedImage
        return (self.literal(data) * (count // 2 + 1)) if self._is_halves else data * count

    def put(self, samples: bytes, count: int) -> None:
        """Fill the next ``count`` pixels of the row, as far as it goes."""
        count = min(count, self._width - self.column)
        start = self.row * self._width + self.column
        self.samples[start * self.unit : (start + count) * self.unit] = samples[: count * self.unit]
        self.present[start : start + count] = b"\1" * count
        self.column += count

    def move(self, right: int, rows: int) -> None:
        """Pass over pixels."""
        self.row, self.column = self.row + rows, self.column + right
        if self.column > self._width or self.row >= self._height:
            raise DamagedImage

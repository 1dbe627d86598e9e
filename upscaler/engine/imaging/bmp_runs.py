"""Run-length coding of BMP files."""

from __future__ import annotations

import numpy as np

from upscaler.engine.imaging.bmp_header import RLE4, RLE24, BmpHeader
from upscaler.errors import DamagedImage, UnsupportedLayout

_END_OF_ROW, _END_OF_IMAGE, _MOVE = 0, 1, 2
_MOST = 255


def unpacked(content: bytes, header: BmpHeader) -> np.ndarray:
    """Return samples in the order of the file: uint8 (H, W, 1), or (H, W, 3).

    What a run has beyond the end of its row is left out.

    Raises:
        DamagedImage: the data ends early or makes no sense.
        UnsupportedLayout: it passes over pixels, which readers show as transparent, as black or in the first colour.

    """
    unit = 3 if header.compression == RLE24 else 1
    is_halves = header.compression == RLE4
    # The samples of the longest run of each value: repeated, or alternating.
    longest = [
        bytes((value >> 4, value & 15)) * (_MOST // 2 + 1) if is_halves else bytes((value,)) * _MOST
        for value in range(256)
    ]
    rows: list[bytes] = []
    row, width, at = bytearray(), header.width * unit, 0
    while len(rows) < header.height:
        if at + 2 > len(content):
            _check_end(header, rows, is_full=len(row) >= width)
            rows.append(bytes(row[:width]))
            break
        count, code = content[at], content[at + 1]
        at += 2
        if count:
            run = longest[code][:count] if unit == 1 else _pixel(content, at - 1) * count
            at += unit - 1
            if len(row) < width:
                row += run
        elif code in (_END_OF_ROW, _END_OF_IMAGE):
            if len(row) < width or (code == _END_OF_IMAGE and len(rows) < header.height - 1):
                raise UnsupportedLayout(kind="BMP", layout="pixels that are left out")
            rows.append(bytes(row[:width]))
            row.clear()
        elif code == _MOVE:
            _check_move(content[at : at + 2], header, len(rows), len(row) // unit)
            at += 2
        else:
            length = (code + 1) // 2 if is_halves else code * unit
            listed = content[at : at + length]
            if len(listed) < length or len(row) + code * unit > width:
                raise DamagedImage
            row += _halves(listed)[:code] if is_halves else listed
            at += length + length % 2
    return np.frombuffer(b"".join(rows), np.uint8).reshape(header.height, header.width, unit)


def _check_end(header: BmpHeader, rows: list[bytes], *, is_full: bool) -> None:
    """Raise ``DamagedImage`` where data ends without saying so before the last pixel."""
    if len(rows) < header.height - 1 or not is_full:
        raise DamagedImage


def _check_move(distance: bytes, header: BmpHeader, row: int, column: int) -> None:
    """Raise an error for every move: what it passes over is nowhere defined."""
    if len(distance) < 2:
        raise DamagedImage
    right, down = distance
    if column + right > header.width or row + down >= header.height:
        raise DamagedImage
    if right or down:
        raise UnsupportedLayout(kind="BMP", layout="pixels that are left out")


def _pixel(content: bytes, at: int) -> bytes:
    pixel = content[at : at + 3]
    if len(pixel) < 3:
        raise DamagedImage
    return pixel


def _halves(data: bytes) -> bytes:
    return bytes(half for byte in data for half in (byte >> 4, byte & 15))

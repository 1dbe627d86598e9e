"""JPEG files: Pillow's reader, behind a check of the kind of compression."""

from __future__ import annotations

import mmap
import struct
from typing import IO

from upscaler.engine.imaging.image_format import ImageFormat
from upscaler.engine.imaging.readers.pillow_reader import PillowImage
from upscaler.errors import UnsupportedLayout

# Baseline, extended and progressive, with Huffman codes (Rec. ITU-T T.81, table B.1); the rest is hardly ever written.
_READ_FRAMES = (0xC0, 0xC1, 0xC2)
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}
_CHANNELS = (1, 3, 4)
_FILL = 0xFF
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
# The ways in which phones mark a gain map: Adobe's and Google's, Apple's, and that of ISO 21496-1.
_GAIN_MAP_MARKS = (b"http://ns.adobe.com/hdr-gain-map/1.0/", b"HDRGainMap", b"urn:iso:std:iso:ts:21496:-1")


class JpegImage(PillowImage):
    """A JPEG file; arguments as of ``PillowImage``."""

    def __init__(self, file: IO[bytes], kind: ImageFormat, head: bytes) -> None:
        reason = _unsupported(file)
        if reason is not None:
            raise UnsupportedLayout(kind=kind.label, layout=reason)
        file.seek(0)
        super().__init__(file, kind, head)
        self.has_gain_map = _has_mark(file)


def _unsupported(file: IO[bytes]) -> str | None:
    """Return what of the first frame header is not supported, None where all is or no header was found."""
    at = 2
    while True:
        file.seek(at)
        head = file.read(10)
        if len(head) < 4 or head[0] != 0xFF:
            return None
        marker = head[1]
        if marker == _FILL:
            at += 1
            continue
        if marker in _WITHOUT_LENGTH:
            at += 2
            continue
        if marker in _FRAMES:
            return _frame_problem(marker, head)
        if marker == 0xDA:
            return None
        (length,) = struct.unpack_from(">H", head, 2)
        at += 2 + length


def _frame_problem(marker: int, head: bytes) -> str | None:
    if marker not in _READ_FRAMES:
        return f"JPEG process SOF{marker - 0xC0}" if marker < 0xF0 else "JPEG-LS"
    if len(head) == 10 and head[4] != 8:
        return f"{head[4]} bits per channel"
    if len(head) == 10 and head[9] not in _CHANNELS:
        return f"{head[9]} channels"
    return None


def _has_mark(file: IO[bytes]) -> bool:
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return any(content.find(mark) >= 0 for mark in _GAIN_MAP_MARKS)

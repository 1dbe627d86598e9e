"""Sizes and depths from the headers of files, where Pillow does not report them."""

from __future__ import annotations

import struct
from typing import Any

from upscaler.errors import DamagedImage


def heic_bit_depth(image: Any, _head: bytes) -> int:
    """Return the depth that pillow-heif reports."""
    return int(image.info.get("bit_depth", 8))


def avif_bit_depth(_image: Any, head: bytes) -> int:
    """Return the depth from the configuration of the codec, ``av1C`` (AV1 in ISOBMFF, 2.3.3)."""
    flags = head[head.find(b"av1C") :][6:7]
    if not flags or not flags[0] & 0x40:
        return 8
    return 12 if flags[0] & 0x20 else 10


def webp_size(head: bytes) -> tuple[int, int]:
    """Read width and height in pixels from the first 30 bytes of a WebP file (RFC 9649, 2.5 to 2.7).

    Raises:
        DamagedImage: they cannot be read.

    """
    chunk = head[12:16]
    try:
        if chunk == b"VP8X":
            return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
        if chunk == b"VP8L":
            (bits,) = struct.unpack_from("<I", head, 21)
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        if chunk == b"VP8 ":
            width, height = struct.unpack_from("<HH", head, 26)
            return width & 0x3FFF, height & 0x3FFF
    except struct.error as error:
        raise DamagedImage from error
    raise DamagedImage

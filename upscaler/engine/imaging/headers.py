"""Depths from the headers of files, where Pillow does not report them."""

from __future__ import annotations

from typing import Any


def heic_bit_depth(image: Any, _head: bytes) -> int:
    """Return the depth that pillow-heif reports."""
    return int(image.info.get("bit_depth", 8))


def avif_bit_depth(_image: Any, head: bytes) -> int:
    """Return the depth from the configuration of the codec, ``av1C`` (AV1 in ISOBMFF, 2.3.3)."""
    flags = head[head.find(b"av1C") :][6:7]
    if not flags or not flags[0] & 0x40:
        return 8
    return 12 if flags[0] & 0x20 else 10

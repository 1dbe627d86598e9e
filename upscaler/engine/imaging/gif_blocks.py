"""The blocks of a GIF file (CompuServe, "Graphics Interchange Format, Version 89a"): its first image, and its facts."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import IO

from upscaler.engine.imaging import complexity
from upscaler.errors import DamagedImage

_EXTENSION, _IMAGE = b"!", b","
_CONTROL, _COMMENT, _APPLICATION = 0xF9, 0xFE, 0xFF
_PROFILE, _XMP = b"ICCRGBG1012", b"XMP DataXMP"
# The longest profiles, of printers, have a few megabytes.
_MOST_PROFILE_BYTES = 16 << 20


@dataclass
class GifBlocks:
    """Facts from the blocks of a file; those of an image are of the first one.

    Attributes:
        size: width and height in pixels of the whole, and of what the first image needs beyond that.
        left, top, width, height: place of the image in it, in pixels.
        interlaced: whether its rows come in four passes.
        table: its colours, three bytes each; None without a table.
        transparent: number of the invisible colour, None without one.
        data: its compressed pixels, as sub-blocks behind the length of the smallest codes.
        images: how many images there are.
        icc: ICC profile (ICC.1, annex B.4), None without one.
        comment: whether there is a comment.
        xmp: whether there is an XMP packet.
        next_transparent: the invisible colour of an image that is still to come.

    """

    size: tuple[int, int]
    left: int = 0
    top: int = 0
    width: int = 0
    height: int = 0
    interlaced: bool = False
    table: bytes | None = None
    transparent: int | None = None
    data: bytes = b""
    images: int = 0
    icc: bytes | None = None
    comment: bool = False
    xmp: bool = False
    next_transparent: int | None = None


def read_blocks(file: IO[bytes]) -> GifBlocks:
    """Read the blocks of a file at its beginning.

    What follows the first image may be cut off or make no sense.

    Raises:
        DamagedImage: there is no image.

    """
    head = file.read(13)
    if len(head) < 13:
        raise DamagedImage
    width, height, flags = struct.unpack_from("<HHB", head, 6)
    found = GifBlocks((width, height))
    table = _table(file, flags)
    parts = 0
    while introducer := file.read(1):
        parts += 1
        complexity.check(parts, complexity.MOST_PARTS)
        if introducer == _EXTENSION:
            _take_extension(found, file)
        elif introducer == _IMAGE:
            if not _take_image(found, file, table):
                break
        else:
            break
    if not found.images or not (found.width and found.height):
        raise DamagedImage
    found.size = (max(width, found.left + found.width), max(height, found.top + found.height))
    return found


def _table(file: IO[bytes], flags: int) -> bytes | None:
    return file.read(3 << (flags & 7) + 1) if flags & 0x80 else None


def _sub_blocks(file: IO[bytes]) -> tuple[bytes, bytes]:
    """Read parts up to the empty one or the end of the file; return the first part, and all as the file has them."""
    stored = bytearray()
    while length := file.read(1):
        stored += length
        if length == b"\0":
            break
        stored += file.read(length[0])
    return bytes(stored[1 : 1 + stored[0]]) if stored else b"", bytes(stored)


def _take_extension(found: GifBlocks, file: IO[bytes]) -> None:
    label = file.read(1)
    first, stored = _sub_blocks(file)
    if not label or not first:
        return
    if label[0] == _CONTROL and len(first) >= 4:
        found.next_transparent = first[3] if first[0] & 1 else None
    elif label[0] == _COMMENT:
        found.comment = True
    elif label[0] == _APPLICATION and first == _PROFILE and found.icc is None:
        found.icc = _joined(stored[1 + len(first) :])
    elif label[0] == _APPLICATION and first == _XMP:
        found.xmp = True


def _joined(stored: bytes) -> bytes:
    """Return the content of sub-blocks, without their lengths."""
    content, at = bytearray(), 0
    while at < len(stored) and stored[at] and len(content) < _MOST_PROFILE_BYTES:
        content += stored[at + 1 : at + 1 + stored[at]]
        at += 1 + stored[at]
    return bytes(content)


def _take_image(found: GifBlocks, file: IO[bytes], table: bytes | None) -> bool:
    """Take the first image, count further ones; return whether there was one."""
    place = file.read(9)
    if len(place) < 9:
        return False
    left, top, width, height, flags = struct.unpack("<HHHHB", place)
    own_table = _table(file, flags)
    smallest = file.read(1)
    first, stored = _sub_blocks(file)
    if not first:
        return False
    found.images += 1
    complexity.check(found.images, complexity.MOST_IMAGES)
    if found.images == 1:
        found.left, found.top, found.width, found.height = left, top, width, height
        found.interlaced = bool(flags & 0x40)
        found.table = own_table if own_table is not None else table
        found.transparent = found.next_transparent
        found.data = smallest + stored
    return True

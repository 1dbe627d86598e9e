"""The index of a JPEG file with several images (CIPA DC-007, "Multi-Picture Format")."""

from __future__ import annotations

import struct

_ENTRIES = 0xB002
_ENTRY_BYTES = 16
_TYPE_BITS = 0xFFFFFF
# Large thumbnails for screens of some size.
_THUMBNAILS = range(0x010000, 0x020000)


def count_images(index: bytes) -> int:
    """Return how many images an index lists, copies for a preview left out; 1 for an index that makes no sense."""
    try:
        order = {b"II": "<", b"MM": ">"}[index[:2]]
        (directory,) = struct.unpack_from(order + "I", index, 4)
        (tags,) = struct.unpack_from(order + "H", index, directory)
        for at in range(directory + 2, directory + 2 + 12 * tags, 12):
            tag, _, count, offset = struct.unpack_from(order + "HHII", index, at)
            if tag == _ENTRIES:
                return max(1, _count(index, order, offset, count // _ENTRY_BYTES))
    except (KeyError, struct.error):
        return 1
    return 1


def _count(index: bytes, order: str, offset: int, count: int) -> int:
    places = range(offset, min(offset + count * _ENTRY_BYTES, len(index) - 3), _ENTRY_BYTES)
    kinds = [struct.unpack_from(order + "I", index, at)[0] & _TYPE_BITS for at in places]
    return sum(kind not in _THUMBNAILS for kind in kinds)

"""Indexes of JPEG files with several images."""

from __future__ import annotations

import struct

import pytest

from upscaler.engine.imaging.multi_picture import count_images

PRIMARY, UNDEFINED, VGA, FULL_HD, PANORAMA = 0x030000, 0, 0x010001, 0x010002, 0x020001


def index(*kinds: int, order: str = "<") -> bytes:
    entries = b"".join(struct.pack(order + "IIIHH", 0x20000000 | kind, 5000, 0, 0, 0) for kind in kinds)
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
    tags = struct.pack(order + "HHHI4s", 2, 0xB000, 7, 4, b"0100")
    tags += struct.pack(order + "HHIII", 0xB002, 7, len(entries), 38, 0)
    return head + tags + entries


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("kinds", "count"),
    [
        ((PRIMARY,), 1),
        ((PRIMARY, UNDEFINED), 2),
        ((PRIMARY, VGA), 1),
        ((PRIMARY, VGA, FULL_HD), 1),
        ((PANORAMA,) * 5, 5),
        ((VGA,), 1),
    ],
)
def test_images_are_counted_without_previews(kinds, count, order):
    assert count_images(index(*kinds, order=order)) == count


def test_an_index_that_makes_no_sense_lists_one_image():
    whole = index(PRIMARY, UNDEFINED, UNDEFINED)
    for length in range(len(whole)):
        assert count_images(whole[:length]) in (1, 2, 3)
    for content in (b"", b"XX*\0", b"II*\0\xff\xff\xff\xff", whole.replace(b"\x02\xb0", b"\x07\xb0")):
        assert count_images(content) == 1

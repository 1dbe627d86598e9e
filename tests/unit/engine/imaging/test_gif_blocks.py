"""Blocks of GIF files."""

from __future__ import annotations

import io
import struct

import pytest

from tests.support.gif_files import Case, header, image_data, places, sub_blocks, table_of, write
from upscaler.engine.imaging.gif_blocks import read_blocks
from upscaler.errors import DamagedImage

IMAGE = struct.pack("<BHHHHB", 0x2C, 0, 0, 10, 10, 0) + image_data(places(10, 10, 2), 2)
BEGINNING = header((10, 10), table_of(2))


def blocks_of(content: bytes):
    return read_blocks(io.BytesIO(content))


def control(transparent: int) -> bytes:
    return b"!\xf9\4" + bytes([1, 0, 0, transparent]) + b"\0"


def test_facts_of_the_first_image():
    found = blocks_of(write(Case(bits=3, interlaced=True, transparent=True, frame=(5, 3, 20, 11))).content)
    assert (found.left, found.top, found.width, found.height) == (5, 3, 20, 11)
    assert (found.size, found.interlaced, found.transparent, found.images) == ((37, 21), True, 1, 1)
    assert found.table == table_of(3).tobytes()


def test_images_are_counted_and_further_ones_change_nothing():
    more = control(2) + struct.pack("<BHHHHB", 0x2C, 0, 0, 90, 90, 0) + image_data(places(90, 90, 2), 2)
    found = blocks_of(BEGINNING + control(1) + IMAGE + more * 3 + b";")
    assert (found.images, found.transparent, found.size) == (4, 1, (10, 10))


def test_an_invisible_colour_is_that_of_the_nearest_control_block():
    found = blocks_of(BEGINNING + control(1) + b"!\xfe" + sub_blocks(b"words") + control(3) + IMAGE + b";")
    assert (found.transparent, found.comment) == (3, True)


def test_extensions_are_known(wide_profile):
    profile = b"!\xff\x0bICCRGBG1012" + sub_blocks(wide_profile)
    xmp = b"!\xff\x0bXMP DataXMP" + b"<x/>" + b"\1" + bytes(range(255, -1, -1)) + b"\0"
    other = b"!\xff\x0bNETSCAPE2.0" + sub_blocks(b"\1\0\0")
    plain_text = b"!\x01\x0c" + bytes(12) + sub_blocks(b"text")
    found = blocks_of(BEGINNING + other + plain_text + profile + xmp + IMAGE + b";")
    assert (found.icc, found.xmp, found.comment, found.images) == (wide_profile, True, False, 1)


@pytest.mark.parametrize(
    "behind", [b"", b"\0", b"garbage", b"!", b"!\xf9", b",", b",\0\0", IMAGE[:20], b";" + IMAGE]
)
def test_what_follows_the_first_image_may_make_no_sense(behind):
    assert blocks_of(BEGINNING + IMAGE + behind).images in (1, 2)


@pytest.mark.parametrize(
    "content",
    [
        b"GIF89a",
        BEGINNING,
        BEGINNING + b";",
        BEGINNING + b"garbage" + IMAGE,
        BEGINNING + IMAGE[:9],
        BEGINNING + struct.pack("<BHHHHB", 0x2C, 0, 0, 0, 10, 0) + image_data(places(10, 10, 2), 2),
    ],
)
def test_a_file_without_an_image_is_damaged(content):
    with pytest.raises(DamagedImage):
        blocks_of(content)

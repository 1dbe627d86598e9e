"""Colours in AV1 streams."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from tests.support.iso_files import avif_image, scene
from upscaler.engine.imaging.av1_header import read_colours
from upscaler.engine.imaging.cicp import CodePoints

# Headers of the specification's two shapes: a reduced one of a still image, and one of a video with all that may
# stand before its colours.
REDUCED = "000110000001010101111111111111000000"
VIDEO = (
    "000"
    "0"
    "0"
    + "1"
    + "0" * 31
    + "1"
    + "0" * 31
    + "1"
    + "1"
    + "1"  # timing, with a number of ticks of uvlc
    + "1"
    + "00011"
    + "0" * 32
    + "00000"
    + "00000"  # a model of the decoder, delays of 4 bits
    + "1"
    + "00001"  # delays of the display, two operating points
    + ("0" * 12 + "01000" + "1" + "1" + "0" * 9 + "1" + "0000")
    + ("0" * 12 + "00100" + "0" + "0")
    + "0101"
    "0101"
    "111111"
    "111111"
    + "1"
    + "0000"
    + "000"  # numbers of frames
    + "000"
    + "0000"
    + "1"
    + "00"
    + "0"
    + "1"
    + "0"
    + "1"
    + "000"  # tools
    + "000"
)


def unit(digits: str, *, sized: bool = True) -> bytes:
    content = int(digits + "1" + "0" * (-(len(digits) + 1) % 8), 2)
    data = content.to_bytes(-(-(len(digits) + 1) // 8), "big")
    return bytes([1 << 3 | 2, len(data)]) + data if sized else bytes([1 << 3]) + data


@pytest.mark.parametrize("start", [REDUCED, VIDEO], ids=["still", "video"])
@pytest.mark.parametrize(
    ("ending", "codes"),
    [
        ("0010000110000001101000000011", CodePoints(12, 13, 1, is_full=True)),
        ("1010000100100010000000010010", CodePoints(9, 16, 9, is_full=False)),
        ("0101", CodePoints(2, 2, 2, is_full=True)),
        ("001000000010000110100000000", CodePoints(1, 13, 0, is_full=True)),
    ],
    ids=["P3", "PQ", "gray", "sRGB"],
)
def test_headers_by_the_specification(start, ending, codes):
    assert read_colours(unit(start + ending)) == codes
    assert read_colours(b"\x12\x00" + unit(start + ending)) == codes
    assert read_colours(unit(start + ending, sized=False)) == codes


@pytest.mark.parametrize(
    ("bits", "layout", "codes"),
    list(itertools.product((8, 10, 12), (420, 422), ((1, 13, 6), (12, 13, 1), (9, 16, 9), (2, 2, 2)))),
)
def test_streams_of_libaom(bits, layout, codes):
    primaries, transfer, matrix = codes
    image = avif_image(scene(bits), bits, layout, primaries=primaries, transfer=transfer, matrix=matrix)
    found = read_colours(image.data)
    assert found is not None
    assert (found.primaries, found.transfer) == (primaries, transfer)
    assert found.is_full


def test_a_stream_without_a_header_says_nothing():
    for data in (b"", b"\x12\x00", b"\x0a\x05", b"\x32\x02\x00\x00", bytes(np.arange(60, dtype=np.uint8))):
        read_colours(data)
    assert read_colours(b"\x12\x00") is None
    assert read_colours(b"\x0a\x05\x00") is None


def test_damage_is_no_error():
    content, chance = unit(VIDEO + "0010101010"), random.Random(1)  # noqa: S311 - the same damage each time
    for _ in range(2000):
        damaged = bytearray(content)
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        read_colours(bytes(damaged[: chance.randint(0, len(damaged))]))

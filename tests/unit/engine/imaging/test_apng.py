"""The chunks of an animated PNG file's first image; the reader's test covers its pixels."""

from __future__ import annotations

import io
import struct
import zlib

import pytest

from tests.support.png_files import chunk
from upscaler.engine.imaging.apng import FirstFrame
from upscaler.errors import DamagedImage

WIDTH, HEIGHT = 4, 3
STILL = (b"IDAT", b"still")
ACTL = (b"acTL", struct.pack(">II", 2, 0))


def control(number: int, place=(WIDTH, HEIGHT, 0, 0)) -> tuple[bytes, bytes]:
    return b"fcTL", struct.pack(">5I2H2B", number, *place, 1, 10, 0, 0)


def pixels(number: int, data: bytes) -> tuple[bytes, bytes]:
    return b"fdAT", struct.pack(">I", number) + data


def first_of(*chunks: tuple[bytes, bytes]) -> tuple[FirstFrame, bytes]:
    """Return what was taken of a file, and the parts as bytes."""
    content = b"".join(chunk(*one) for one in chunks)
    file, at, first = io.BytesIO(content), 0, FirstFrame()
    for kind, data in chunks:
        if kind == b"fdAT" and first.is_due:
            first.take_pixels(file, at, len(data))
        elif kind != b"fdAT":
            first.take(kind, data)
        at += 12 + len(data)
    read = [part if isinstance(part, bytes) else content[part[0] : sum(part)] for part in first.parts]
    return first, b"".join(read)


def test_pixels_become_those_of_a_still_image():
    first, read = first_of(
        ACTL, STILL, control(0), pixels(1, b"one"), pixels(2, b""), control(3), pixels(4, b"x")
    )
    assert read == chunk(b"IDAT", b"one") + chunk(b"IDAT", b"")
    assert read[8:11] == b"one"
    assert struct.unpack(">I", read[11:15]) == (zlib.crc32(b"IDATone"),)
    assert first.covers(WIDTH, HEIGHT)


@pytest.mark.parametrize("place", [(WIDTH - 1, HEIGHT, 0, 0), (WIDTH, HEIGHT, 0, 1), (WIDTH, HEIGHT, 1, 0)])
def test_a_part_of_the_canvas(place):
    first, _ = first_of(ACTL, STILL, control(0, place), pixels(1, b"one"))
    assert not first.covers(WIDTH, HEIGHT)


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param(
            [ACTL, control(0), STILL, control(1), pixels(2, b"b")], id="the still image is the first"
        ),
        pytest.param([STILL, ACTL, control(0), pixels(1, b"a")], id="acTL behind the pixels"),
        pytest.param([STILL, control(0), pixels(1, b"a")], id="no acTL"),
        pytest.param([(b"acTL", bytes(8)), STILL, control(0), pixels(1, b"a")], id="no frames"),
        pytest.param(
            [(b"acTL", b"\x80" + bytes(7)), STILL, control(0), pixels(1, b"a")], id="too many frames"
        ),
        pytest.param([ACTL, STILL, (b"IEND", b"")], id="no frame at all"),
    ],
)
def test_the_still_image_is_kept(chunks):
    assert first_of(*chunks)[1] == b""


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param([pixels(0, b"a")], id="pixels without a control"),
        pytest.param([control(1)], id="does not begin at 0"),
        pytest.param([control(0), pixels(0, b"a")], id="a number twice"),
        pytest.param([control(0), control(1)], id="two controls"),
        pytest.param([control(0), (b"IEND", b"")], id="no pixels"),
        pytest.param([control(0), (b"fdAT", b"abc")], id="no number"),
        pytest.param([(b"fcTL", bytes(5))], id="a short control"),
    ],
)
def test_what_browsers_cannot_show_is_damaged(chunks):
    with pytest.raises(DamagedImage):
        first_of(ACTL, STILL, *chunks)

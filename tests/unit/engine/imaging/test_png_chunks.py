"""Facts from the chunks of PNG files; the reader's test covers what they mean."""

from __future__ import annotations

import io
import random
import struct
import zlib
from dataclasses import replace

import pytest

from tests.support.png_files import RGB, PngCase, join, split, write_png
from upscaler.engine.imaging.png_chunks import read_chunks
from upscaler.errors import DamagedImage

PLAIN = PngCase(RGB, 8)


def chunks_of(*extra: tuple[bytes, bytes]):
    return read_chunks(io.BytesIO(write_png(PLAIN, extra).content))


def test_the_facts_of_each_chunk():
    found = chunks_of(
        (b"iCCP", b"name\0\0" + zlib.compress(b"profile")),
        (b"gAMA", struct.pack(">I", 45455)),
        (b"cHRM", struct.pack(">8I", *range(100_000, 900_000, 100_000))),
        (b"sRGB", b"\0"),
        (b"cICP", bytes([1, 13, 0, 1])),
        (b"pHYs", struct.pack(">IIB", 11811, 5906, 1)),
        (b"acTL", struct.pack(">II", 7, 0)),
        (b"tRNS", b"\0\1\0\2\0\3"),
        (b"tEXt", b"Comment\0hello"),
        (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x/>"),
    )
    assert (found.depth, found.colour_type, found.frames) == (8, RGB, 7)
    assert (found.icc, found.gamma, found.is_srgb, found.codes) == (b"profile", 0.45455, True, (1, 13, 0, 1))
    assert found.chromaticities == (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0)
    assert found.dpi == pytest.approx((300, 150), abs=0.1)
    assert (found.transparent, found.texts, found.xmp) == (b"\0\1\0\2\0\3", True, True)


@pytest.mark.parametrize(
    "chunk", [(b"gAMA", b"\0"), (b"cHRM", b"\0" * 31), (b"pHYs", b""), (b"acTL", b"\0"), (b"cICP", b"\0" * 5)]
)
def test_a_chunk_of_the_wrong_length_says_nothing(chunk):
    assert replace(chunks_of(chunk), parts=[]) == replace(chunks_of(), parts=[])


def test_pixels_per_unknown_unit_are_no_resolution():
    assert chunks_of((b"pHYs", struct.pack(">IIB", 2, 1, 0))).dpi is None


@pytest.mark.parametrize("profile", [b"name\0\0broken", b"name\0\0" + zlib.compress(bytes(17 << 20)), b""])
def test_a_profile_that_cannot_be_unpacked_is_empty(profile):
    assert chunks_of((b"iCCP", profile)).icc == b""


def test_the_parts_make_a_file_of_the_pixels_alone():
    content = write_png(PLAIN, [(b"tEXt", b"a\0b"), (b"prVt", b"x" * 5000)]).content
    parts = read_chunks(io.BytesIO(content)).parts
    clean = b"".join(content[offset : offset + length] for offset, length in parts)
    assert [kind for kind, _ in split(clean)] == [b"IHDR", b"IDAT", b"IDAT", b"IDAT", b"IEND"]


def test_a_length_beyond_the_file_is_damage():
    with pytest.raises(DamagedImage):
        read_chunks(io.BytesIO(join([]) + struct.pack(">I", 0x7FFFFFFF) + b"IHDR" + bytes(13)))


def test_damage_never_raises_anything_else():
    content = write_png(
        PLAIN, [(b"tEXt", b"a\0b"), (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(b"x"))]
    ).content
    chance = random.Random(5)  # noqa: S311 - the same damage each time
    for _ in range(3000):
        damaged = bytearray(content)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            read_chunks(io.BytesIO(bytes(damaged)))
        except DamagedImage:
            continue

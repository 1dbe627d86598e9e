"""Segments of JPEG files."""

from __future__ import annotations

import random
import struct

import pytest

from tests.support.jpeg_files import END, JFIF, Case, adobe, write
from upscaler.engine.imaging.jpeg_segments import JpegSegments, read_segments
from upscaler.errors import DamagedImage


@pytest.fixture
def segments_of(tmp_path):
    def read(content: bytes) -> JpegSegments:
        (tmp_path / "a.jpg").write_bytes(content)
        with (tmp_path / "a.jpg").open("rb") as file:
            return read_segments(file)

    return read


def rebuilt(found: JpegSegments, content: bytes) -> bytes:
    """Return the parts as one file."""
    return b"".join(
        part if isinstance(part, bytes) else content[part[0] : part[0] + part[1]] for part in found.parts
    )


def test_facts_of_a_file(segments_of):
    found = segments_of(write(Case("progressive", "JFIF", "4:2:0")).content)
    assert (found.size, found.depth, found.process) == ((61, 61), 8, 0xC2)
    assert found.components == ((1, 2, 2), (2, 1, 1), (3, 1, 1))
    assert (found.has_jfif, found.transform, found.dpi, found.has_end) == (True, None, (150, 75), True)
    assert found.scans == 8


def test_the_parts_are_what_the_pixels_need(segments_of):
    plain = write(Case(), header=b"").content
    metadata = b"\xff\xe1\0\x08Exif\0\0" + b"\xff\xfe\0\x07words" + b"\xff\xec\0\x04xx"
    content = write(Case(), header=JFIF + adobe(1), before=metadata, fill=2).content
    expected = plain[:2] + b"\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0" + adobe(1) + plain[2:]
    assert rebuilt(segments_of(content), content) == expected.removesuffix(END)


def test_parts_of_another_image_behind_the_end_are_not_taken(segments_of):
    content = write(Case()).content
    assert segments_of(content + write(Case("progressive")).content).parts == segments_of(content).parts


def test_markers_within_a_preview_are_not_taken(segments_of):
    preview = write(Case(colours="gray")).content
    thumbnail = b"\xff\xe1" + struct.pack(">H", 2 + len(preview)) + preview
    content = write(Case(), before=thumbnail).content
    assert len(segments_of(content).components) == 3


def test_damage_never_raises_anything_else(segments_of):
    content = write(Case("progressive", "JFIF", restart=3)).content
    chance = random.Random(5)  # noqa: S311 - the same damage each time
    for _ in range(400):
        damaged = bytearray(content)
        for _ in range(chance.randint(1, 8)):
            damaged[chance.randrange(2, len(damaged))] = chance.randrange(256)
        try:
            found = segments_of(bytes(damaged[: chance.randint(4, len(damaged))]))
        except DamagedImage:
            continue
        assert found.process

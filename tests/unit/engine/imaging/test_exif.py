"""EXIF data that may be damaged."""

from __future__ import annotations

import random

import pytest
from PIL import ExifTags, Image

from upscaler.engine.imaging.exif import is_adobe_rgb, orientation_of, read_exif


def written(orientation: int = 6, *, space: int = 0xFFFF, index: str = "R03") -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.IFD.Exif] = {int(ExifTags.Base.ColorSpace): space, int(ExifTags.IFD.Interop): {1: index}}
    return exif.tobytes()


@pytest.mark.parametrize("header", [True, False])
def test_it_is_read_with_its_header_and_without(header):
    data = written() if header else written().removeprefix(b"Exif\0\0")
    assert orientation_of(read_exif(data)) == 6


@pytest.mark.parametrize("value", [0, 9, 600])
def test_an_orientation_that_makes_no_sense_is_none(value):
    assert orientation_of(read_exif(written(value))) == 1


@pytest.mark.parametrize(
    ("space", "index", "expected"),
    [(0xFFFF, "R03", True), (0xFFFF, "R98", False), (1, "R03", False), (2, "R98", False)],
)
def test_adobe_rgb_is_known_by_both_numbers(space, index, expected):
    assert is_adobe_rgb(read_exif(written(space=space, index=index))) is expected


def test_damage_is_no_error():
    content, chance = written(), random.Random(9)  # noqa: S311 - the same damage each time
    for _ in range(500):
        damaged = bytearray(content)
        for _ in range(chance.randint(1, 8)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        exif = read_exif(bytes(damaged[: chance.randint(0, len(damaged))]))
        assert 1 <= orientation_of(exif) <= 8
        assert is_adobe_rgb(exif) in (True, False)

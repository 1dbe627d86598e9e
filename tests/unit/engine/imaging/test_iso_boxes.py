"""Facts from the boxes of AVIF and HEIC files."""

from __future__ import annotations

import io
import random
import struct

import pillow_heif
import pytest
from PIL import Image

from upscaler.engine.imaging.iso_boxes import IsoFacts, read_facts


def box(kind: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), kind) + content


def nclx(primaries: int, transfer: int) -> bytes:
    return box(b"colr", b"nclx", struct.pack(">HHHB", primaries, transfer, 6, 0x80))


def iso_file(
    properties: list[bytes], of_item: dict[int, list[int]], primary: int = 1, *, wide: bool = False
) -> bytes:
    """Return a file whose boxes describe items, with numbers of properties from 1."""
    entries = b""
    for item, numbers in of_item.items():
        places = [
            struct.pack(">H", number | 0x8000) if wide else bytes([number | 0x80]) for number in numbers
        ]
        entries += struct.pack(">IB" if wide else ">HB", item, len(numbers)) + b"".join(places)
    version = struct.pack(">BBBB", int(wide), 0, 0, int(wide))
    ipma = box(b"ipma", version, struct.pack(">I", len(of_item)), entries)
    pitm = box(b"pitm", struct.pack(">BBBBI" if wide else ">BBBBH", int(wide), 0, 0, 0, primary))
    iprp = box(b"iprp", box(b"ipco", *properties), ipma)
    return (
        box(b"ftyp", b"avif")
        + box(b"free", b"x" * 50)
        + box(b"meta", bytes(4), pitm, iprp)
        + box(b"mdat", b"y")
    )


@pytest.mark.parametrize("wide", [False, True])
def test_the_code_points_are_those_of_the_primary_item(wide):
    properties = [box(b"ispe", bytes(12)), nclx(1, 13), nclx(12, 13)]
    content = iso_file(properties, {1: [1, 2], 2: [1, 3]}, primary=2, wide=wide)
    assert read_facts(io.BytesIO(content)) == IsoFacts((12, 13))


@pytest.mark.parametrize("profile", [b"prof", b"rICC", b"nclc"])
def test_other_descriptions_are_no_code_points(profile):
    assert read_facts(io.BytesIO(iso_file([box(b"colr", profile, bytes(20))], {1: [1]}))).codes is None


@pytest.mark.parametrize("mark", [b"urn:com:apple:photo:2020:aux:hdrgainmap", b"urn:iso:std:iso:ts:21496:-1"])
def test_a_gain_map_is_known(mark):
    assert read_facts(io.BytesIO(iso_file([box(b"auxC", bytes(4), mark, b"\0")], {1: [1]}))).has_gain_map
    assert not read_facts(io.BytesIO(iso_file([box(b"auxC", bytes(4), b"depth\0")], {1: [1]}))).has_gain_map


def test_real_files_are_understood():
    heic = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (64, 64))).save(
        heic, color_primaries=12, transfer_characteristics=13, matrix_coefficients=6, save_nclx_profile=True
    )
    assert read_facts(heic).codes == (12, 13)
    avif = io.BytesIO()
    Image.new("RGB", (64, 64)).save(avif, "AVIF")
    assert read_facts(avif).codes == (1, 13)


def test_damage_never_raises():
    content = iso_file([nclx(12, 13)], {1: [1]}, wide=True)
    chance = random.Random(3)  # noqa: S311 - the same damage each time
    for _ in range(3000):
        damaged = bytearray(content)
        for _ in range(chance.randint(1, 6)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        assert isinstance(read_facts(io.BytesIO(bytes(damaged[: chance.randint(0, len(damaged))]))), IsoFacts)

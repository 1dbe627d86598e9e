"""Colours in the configuration of HEVC images."""

from __future__ import annotations

import itertools
import random
import struct

import pytest

from tests.support.iso_files import heic_image, scene
from upscaler.engine.imaging.cicp import CodePoints
from upscaler.engine.imaging.hevc_header import read_colours


def code(number: int) -> str:
    """Return a number as ue(v)."""
    digits = f"{number + 1:b}"
    return "0" * (len(digits) - 1) + digits


def codes(*numbers: int) -> str:
    """Return numbers as ue(v)."""
    return "".join(map(code, numbers))


LEVELS = "0" * 88 + "00011110"
# A parameter set of two layers with all that may stand before its colours.
LONG = "".join(
    [
        *("0000", "001", "1", LEVELS, "11", "0" * 14, LEVELS),
        *(codes(0, 3), "0", codes(64, 64), "1", codes(0, 1, 2, 3), codes(2, 2, 4)),
        *("1", codes(1, 0, 0) * 2, codes(0, 3, 0, 3, 1, 1)),
        # Lists of scaling factors: listed ones of each size, others copied.
        *("11", "1" + code(0) * 16, ("0" + code(0)) * 5, "1" + code(0) * 64, ("0" + code(0)) * 5),
        *("1" + code(0) * 65, ("0" + code(0)) * 5, "1" + code(0) * 65, "0" + code(0)),
        *("11", "1", "0" * 8, codes(0, 1), "1"),
        # Three sets of references, of which the latter two are predicted.
        *(
            codes(3, 1, 1),
            (code(0) + "1") * 2,
            "1",
            "0",
            code(0),
            "1",
            "01",
            "1",
            "1",
            "1",
            code(2),
            "00",
            "01",
            "1",
            "1",
        ),
        *("1", code(1), "0" * 8, "1", "11"),
        *("1", "1", "1" * 8, "0" * 15 + "1", "0" * 15 + "1", "1", "0"),
    ]
)
# One of a still image, as short as they get.
SHORT = "".join(
    [
        *("0000", "000", "1", LEVELS, codes(0, 1, 64, 64), "0", codes(0, 0, 4)),
        *("0", codes(0, 0, 0), codes(0, 0, 0, 0, 0, 0), "0", "00", "0", code(0), "0", "00"),
    ]
)


def configuration(digits: str) -> bytes:
    """Return the content of a box with a parameter set, with the bytes that keep it from looking like a marker."""
    data = int(digits + "1" + "0" * (-(len(digits) + 1) % 8), 2).to_bytes(-(-(len(digits) + 1) // 8), "big")
    escaped, zeros = bytearray(), 0
    for byte in data:
        if zeros == 2 and byte <= 3:
            escaped.append(3)
            zeros = 0
        escaped.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    units = [bytes([32 << 1, 1, 7]), bytes([33 << 1, 1]) + bytes(escaped)]
    arrays = [bytes([unit[0] >> 1]) + struct.pack(">HH", 1, len(unit)) + unit for unit in units]
    return bytes(22) + bytes([len(arrays)]) + b"".join(arrays)


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        ("110111000011000000110100000001", CodePoints(12, 13, 1, is_full=True)),
        ("110101000010010001000000001001", CodePoints(9, 16, 9, is_full=False)),
        ("110110", CodePoints(2, 2, 2, is_full=True)),
        ("0", None),
    ],
    ids=["P3", "PQ", "range alone", "nothing"],
)
def test_parameter_sets_by_the_standard(ending, expected):
    assert read_colours(configuration(LONG + ending)) == expected
    assert read_colours(configuration(SHORT + "1" + "0" + "0" + ending)) == expected


def test_a_set_without_usability_information_says_nothing():
    assert read_colours(configuration(SHORT + "0")) is None


@pytest.mark.parametrize(
    ("bits", "layout", "points", "full"),
    list(itertools.product((8, 10, 12), (420, 422, 444), ((1, 13, 6), (12, 13, 1), (9, 16, 9)), (0, 1))),
)
def test_configurations_of_x265(bits, layout, points, full):
    image = heic_image(
        scene(bits),
        bits,
        layout,
        color_primaries=points[0],
        transfer_characteristics=points[1],
        matrix_coefficients=points[2],
        full_range_flag=full,
    )
    assert read_colours(image.configuration[8:]) == CodePoints(*points, is_full=bool(full))


def test_damage_is_no_error():
    content, chance = configuration(LONG + "1101100001100"), random.Random(1)  # noqa: S311 - the same damage each time
    for _ in range(3000):
        damaged = bytearray(content)
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        read_colours(bytes(damaged[: chance.randint(0, len(damaged))]))

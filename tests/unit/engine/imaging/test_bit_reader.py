"""Numbers of any number of bits."""

from __future__ import annotations

import pytest

from upscaler.engine.imaging.bit_reader import BitReader


def test_bits_are_read_from_the_highest():
    bits = BitReader(b"\xa5\x3c")
    assert [bits.flag(), bits.bits(2), bits.bits(5), bits.bits(0), bits.bits(8)] == [True, 1, 5, 0, 0x3C]


@pytest.mark.parametrize(
    ("digits", "number"), [("1", 0), ("010", 1), ("011", 2), ("00100", 3), ("0001000", 7), ("000010001", 16)]
)
def test_exponential_codes_are_those_of_the_standard(digits, number):
    assert BitReader(int(digits.ljust(16, "0"), 2).to_bytes(2, "big")).exponential() == number


@pytest.mark.parametrize("data", [b"", b"\0", bytes(20)])
def test_the_end_of_the_data_is_an_error(data):
    with pytest.raises(EOFError):
        BitReader(data).exponential()
    with pytest.raises(EOFError):
        BitReader(data).bits(8 * len(data) + 1)

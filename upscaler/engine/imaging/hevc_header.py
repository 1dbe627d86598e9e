"""Colours in the configuration of an HEVC image: its sequence parameter set (Rec. ITU-T H.265, 7.3.2.2 and E.2.1)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from upscaler.engine.imaging.bit_reader import BitReader
from upscaler.engine.imaging.cicp import CodePoints

_SEQUENCE_SET = 33
_UNSPECIFIED = 2
_ARRAYS_AT = 22
_ANY_RATIO = 255
_MOST_SETS = 64


def read_colours(configuration: bytes) -> CodePoints | None:
    """Return the code points in the content of an ``hvcC`` box; None where it has none."""
    try:
        for unit in _units_of(configuration):
            if unit[0] >> 1 & 63 == _SEQUENCE_SET:
                return _colours_of(BitReader(unit[2:].replace(b"\0\0\3", b"\0\0")))
    except (EOFError, IndexError, struct.error):
        return None
    return None


def _units_of(configuration: bytes) -> Iterator[bytes]:
    """Yield the parameter sets (ISO/IEC 14496-15, 8.3.3.1)."""
    at = _ARRAYS_AT + 1
    for _ in range(configuration[_ARRAYS_AT]):
        (count,) = struct.unpack_from(">H", configuration, at + 1)
        at += 3
        for _ in range(count):
            (length,) = struct.unpack_from(">H", configuration, at)
            yield configuration[at + 2 : at + 2 + length]
            at += 2 + length


def _colours_of(bits: BitReader) -> CodePoints | None:
    bits.bits(4)
    layers = bits.bits(3)
    bits.flag()
    _pass_levels(bits, layers)
    bits.exponential()
    if bits.exponential() == 3:
        bits.flag()
    _pass_numbers(bits, 2)
    if bits.flag():
        _pass_numbers(bits, 4)
    _pass_numbers(bits, 2)
    order_bits = 4 + bits.exponential()
    for _ in range(layers + 1 if bits.flag() else 1):
        _pass_numbers(bits, 3)
    _pass_numbers(bits, 6)
    if bits.flag() and bits.flag():
        _pass_scaling_lists(bits)
    bits.bits(2)
    if bits.flag():
        bits.bits(8)
        _pass_numbers(bits, 2)
        bits.flag()
    _pass_reference_sets(bits)
    if bits.flag():
        for _ in range(bits.exponential()):
            bits.bits(order_bits + 1)
    bits.bits(2)
    return _usability(bits) if bits.flag() else None


def _usability(bits: BitReader) -> CodePoints | None:
    if bits.flag() and bits.bits(8) == _ANY_RATIO:
        bits.bits(32)
    if bits.flag():
        bits.flag()
    if not bits.flag():
        return None
    bits.bits(3)
    is_full = bits.flag()
    primaries = transfer = matrix = _UNSPECIFIED
    if bits.flag():
        primaries, transfer, matrix = bits.bits(8), bits.bits(8), bits.bits(8)
    return CodePoints(primaries, transfer, matrix, is_full=is_full)


def _pass_numbers(bits: BitReader, count: int) -> None:
    for _ in range(count):
        bits.exponential()


def _pass_levels(bits: BitReader, layers: int) -> None:
    bits.bits(96)
    present = [(bits.flag(), bits.flag()) for _ in range(layers)]
    if layers:
        bits.bits(2 * (8 - layers))
    for has_profile, has_level in present:
        bits.bits(88 * has_profile + 8 * has_level)


def _pass_scaling_lists(bits: BitReader) -> None:
    for size in range(4):
        for _ in range(2 if size == 3 else 6):
            if not bits.flag():
                bits.exponential()
                continue
            _pass_numbers(bits, min(64, 1 << 4 + 2 * size) + (size > 1))


def _pass_reference_sets(bits: BitReader) -> None:
    count = bits.exponential()
    if count > _MOST_SETS:
        raise EOFError
    pictures = 0
    for number in range(count):
        if number and bits.flag():
            bits.flag()
            bits.exponential()
            uses = [bits.flag() or bits.flag() for _ in range(pictures + 1)]
            pictures = sum(uses)
            continue
        before, after = bits.exponential(), bits.exponential()
        pictures = before + after
        for _ in range(pictures):
            bits.exponential()
            bits.flag()

"""Colours in the header of an AV1 sequence (AV1 Bitstream & Decoding Process Specification, 5.5)."""

from __future__ import annotations

from upscaler.engine.imaging.bit_reader import BitReader
from upscaler.engine.imaging.cicp import CodePoints

_SEQUENCE_HEADER = 1
_SELECT = 2
_LARGE_LEVEL = 7
_UNSPECIFIED = 2


def read_colours(data: bytes) -> CodePoints | None:
    """Return the code points in the first sequence header of a stream or a configuration; None without one."""
    try:
        header = _header_of(data)
        return None if header is None else _colours_of(BitReader(header))
    except (EOFError, IndexError):
        return None


def _header_of(data: bytes) -> bytes | None:
    """Return the content of the first unit that is a sequence header (5.3)."""
    at = 0
    while at < len(data):
        head = data[at]
        at += 2 if head & 4 else 1
        length, size = (len(data) - at, 0)
        if head & 2:
            length, size = _length(data, at)
        at += size
        if head >> 3 & 15 == _SEQUENCE_HEADER:
            return data[at : at + length]
        at += length
    return None


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of leb128() and how many bytes it takes."""
    value = 0
    for place in range(8):
        byte = data[at + place]
        value |= (byte & 127) << 7 * place
        if byte < 128:
            return value, place + 1
    raise EOFError


def _colours_of(bits: BitReader) -> CodePoints:
    profile = bits.bits(3)
    bits.flag()
    is_reduced = bits.flag()
    if is_reduced:
        bits.bits(5)
    else:
        _pass_operating_points(bits)
    width_bits, height_bits = 1 + bits.bits(4), 1 + bits.bits(4)
    bits.bits(width_bits + height_bits)
    if not is_reduced and bits.flag():
        bits.bits(7)
    bits.bits(3)
    if not is_reduced:
        _pass_tools(bits)
    bits.bits(3)
    return _color_config(bits, profile)


def _pass_operating_points(bits: BitReader) -> None:
    delay_bits = 0
    if bits.flag():
        bits.bits(64)
        if bits.flag():
            bits.exponential()
        if bits.flag():
            delay_bits = 1 + bits.bits(5)
            bits.bits(42)
    has_display_delay = bits.flag()
    for _ in range(1 + bits.bits(5)):
        bits.bits(12)
        if bits.bits(5) > _LARGE_LEVEL:
            bits.flag()
        if delay_bits and bits.flag():
            bits.bits(2 * delay_bits + 1)
        if has_display_delay and bits.flag():
            bits.bits(4)


def _pass_tools(bits: BitReader) -> None:
    bits.bits(4)
    has_order = bits.flag()
    if has_order:
        bits.bits(2)
    screen_tools = _SELECT if bits.flag() else bits.bits(1)
    if screen_tools and not bits.flag():
        bits.flag()
    if has_order:
        bits.bits(3)


def _color_config(bits: BitReader, profile: int) -> CodePoints:
    is_deep = bits.flag()
    if profile == 2 and is_deep:
        bits.flag()
    if profile != 1:
        bits.flag()
    primaries = transfer = matrix = _UNSPECIFIED
    if bits.flag():
        primaries, transfer, matrix = bits.bits(8), bits.bits(8), bits.bits(8)
    is_full = (primaries, transfer, matrix) == (1, 13, 0) or bits.flag()
    return CodePoints(primaries, transfer, matrix, is_full=is_full)

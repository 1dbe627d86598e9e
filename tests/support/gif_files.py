"""GIF files with known pixels, written by hand after the GIF89a specification."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

TRAILER = b";"
_PASSES = ((0, 8), (4, 8), (2, 4), (1, 2))


@dataclass(frozen=True)
class Case:
    """One file of one image.

    Attributes:
        bits: of the table of colours, 1 to 8.
        local: whether the table is the image's own; the file's has other colours then.
        interlaced: whether the rows come in four passes.
        transparent: whether one colour is invisible.
        canvas: width and height of the whole.
        frame: left, top, width and height of the image in it.
        version: six letters.
        disposal: what becomes of the image afterwards, which does not concern it.
        background: number of the background colour, which browsers ignore.
        code_bits: of the smallest codes, where not as many as ``bits`` need.

    """

    bits: int = 4
    local: bool = False
    interlaced: bool = False
    transparent: bool = False
    canvas: tuple[int, int] = (37, 21)
    frame: tuple[int, int, int, int] = (0, 0, 37, 21)
    version: bytes = b"GIF89a"
    disposal: int = 0
    background: int = 0
    code_bits: int | None = None


@dataclass(frozen=True)
class Written:
    """A file and what it shows: uint8 (H, W, 4), 0 where nothing is to be seen."""

    content: bytes
    shown: np.ndarray


FRAMES = {
    "all": ((37, 21), (0, 0, 37, 21)),
    "part": ((37, 21), (5, 3, 20, 11)),
    "corner": ((37, 21), (17, 10, 20, 11)),
    "one pixel": ((1, 1), (0, 0, 1, 1)),
    "one column": ((1, 21), (0, 0, 1, 21)),
    "one row": ((37, 1), (0, 0, 37, 1)),
    "one pixel of many": ((9, 9), (4, 4, 1, 1)),
}


def cases() -> Iterator[Case]:
    """Yield every combination of what a file of one image can have."""
    for bits, local, interlaced, transparent, name, disposal, background in itertools.product(
        range(1, 9), (False, True), (False, True), (False, True), FRAMES, (0, 2, 3), (0, 1)
    ):
        canvas, frame = FRAMES[name]
        yield Case(
            bits, local, interlaced, transparent, canvas, frame, disposal=disposal, background=background
        )


def table_of(bits: int, *, other: bool = False) -> np.ndarray:
    """Return colours: uint8 (2 ** bits, 3)."""
    part = np.arange(1 << bits) / ((1 << bits) - 1)
    table = np.rint(np.stack([part, 1 - part, np.abs(2 * part - 1)], -1) * 255).astype(np.uint8)
    return table[::-1, ::-1].copy() if other else table


def places(width: int, height: int, bits: int) -> np.ndarray:
    """Return places in the table: uint8 (H, W), with runs, noise and every place."""
    y, x = np.mgrid[0:height, 0:width]
    noise = np.random.default_rng(bits).integers(0, 1 << bits, (height, width))
    return np.where((x // 6 + y // 5) % 2 == 0, (x + y) // 3 % (1 << bits), noise).astype(np.uint8)


def write(case: Case, *, before: bytes = b"", behind: bytes = TRAILER) -> Written:
    """Write a file; ``before`` and ``behind`` are blocks around its image."""
    left, top, width, height = case.frame
    stored = places(width, height, case.bits)
    table = table_of(case.bits)
    flags = 0x80 | case.bits - 1 if case.local else 0
    flags |= 0x40 if case.interlaced else 0
    control = bytes([case.disposal << 2 | case.transparent, 0, 0, 1 if case.transparent else 0])
    content = (
        header(case.canvas, table_of(case.bits, other=case.local), case.background, case.version)
        + before
        + (b"!\xf9\4" + control + b"\0" if case.version == b"GIF89a" else b"")
        + struct.pack("<BHHHHB", 0x2C, left, top, width, height, flags)
        + (table.tobytes() if case.local else b"")
        + image_data(stored, case.bits, interlaced=case.interlaced, code_bits=case.code_bits)
        + behind
    )
    shown = np.zeros((case.canvas[1], case.canvas[0], 4), np.uint8)
    visible = np.where(case.transparent & (stored == 1), 0, 255).astype(np.uint8)
    shown[top : top + height, left : left + width] = np.dstack([table[stored], visible])
    shown[shown[..., 3] == 0] = 0
    return Written(content, shown)


def header(
    canvas: tuple[int, int], table: np.ndarray | None, background: int = 0, version: bytes = b"GIF89a"
) -> bytes:
    """Return the beginning of a file."""
    if table is None:
        return version + struct.pack("<HHBBB", *canvas, 0, 0, 0)
    bits = len(table).bit_length() - 1
    return version + struct.pack("<HHBBB", *canvas, 0xF0 | bits - 1, background, 0) + table.tobytes()


def image_data(
    stored: np.ndarray, bits: int, *, interlaced: bool = False, code_bits: int | None = None
) -> bytes:
    """Return the data of an image: places in a table, as sub-blocks."""
    if interlaced:
        order = [row for start, step in _PASSES for row in range(start, stored.shape[0], step)]
        stored = stored[order]
    smallest = code_bits or max(2, bits)
    return bytes([smallest]) + sub_blocks(lzw(stored.tobytes(), smallest))


def sub_blocks(data: bytes, size: int = 255) -> bytes:
    """Return data in blocks with their lengths before them, and an empty one at the end."""
    parts = [data[start : start + size] for start in range(0, len(data), size)]
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def lzw(data: bytes, smallest: int) -> bytes:
    """Return data compressed by GIF's variant of LZW (appendix F)."""
    clear, end = 1 << smallest, (1 << smallest) + 1
    codes: list[tuple[int, int]] = []
    table: dict[bytes, int] = {}
    size = smallest + 1

    def reset() -> None:
        nonlocal size
        codes.append((clear, size))
        table.clear()
        table.update({bytes([value]): value for value in range(min(clear, 256))})
        size = smallest + 1

    reset()
    held, count = b"", end + 1
    for place in range(len(data)):
        longer = held + data[place : place + 1]
        if longer in table:
            held = longer
            continue
        codes.append((table[held], size))
        table[longer], count = count, count + 1
        if count == (1 << size) + 1 and size < 12:
            size += 1
        if count == 4096:
            reset()
            count = end + 1
        held = data[place : place + 1]
    codes += [(table[held], size), (end, size)]
    number = place = 0
    for code, width in codes:
        number, place = number | code << place, place + width
    return number.to_bytes((place + 7) // 8, "little")

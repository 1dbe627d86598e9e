"""BMP files of every layout with known pixels, written by hand after wingdi.h and the headers of OS/2."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

WIDTH, HEIGHT = 37, 21
WINDOWS, OS2 = (40, 52, 56, 108, 124), (12, 16, 36, 64)
SRGB = 0x73524742
PALETTES = ("palette1", "palette2", "palette4", "palette8", "gray8")
RUNS = {"rle8": 1, "rle4": 2, "rle24": 4}
PLAIN = ("rgb16", "rgb24", "rgb32")
# Masks of red, green, blue and alpha by bits per pixel.
FIELDS = {
    "565": (16, 0xF800, 0x7E0, 0x1F, 0),
    "555": (16, 0x7C00, 0x3E0, 0x1F, 0),
    "1555": (16, 0x7C00, 0x3E0, 0x1F, 0x8000),
    "4444": (16, 0xF00, 0xF0, 0xF, 0xF000),
    "231": (16, 0x600, 0x1C0, 0x20, 0),
    "bgr565": (16, 0x1F, 0x7E0, 0xF800, 0),
    "888": (24, 0xFF, 0xFF00, 0xFF0000, 0),
    "666": (24, 0x3F, 0xFC0, 0x3F000, 0),
    "x888": (32, 0xFF0000, 0xFF00, 0xFF, 0),
    "8888": (32, 0xFF0000, 0xFF00, 0xFF, 0xFF000000),
    "rgba": (32, 0xFF000000, 0xFF0000, 0xFF00, 0xFF),
    "abgr": (32, 0xFF, 0xFF00, 0xFF0000, 0xFF000000),
    "10 10 10": (32, 0x3FF00000, 0xFFC00, 0x3FF, 0),
    "2 10 10 10": (32, 0x3FF, 0xFFC00, 0x3FF00000, 0xC0000000),
    "11 11 10": (32, 0xFFE00000, 0x1FFC00, 0x3FF, 0),
    "5 in 32": (32, 0x1F000000, 0x1F00, 0x1F, 0),
    "16 and 8": (32, 0xFFFF0000, 0xFF00, 0xFF, 0),
}


@dataclass(frozen=True)
class Case:
    """One layout: ``header`` is the length of the second header, ``pixels`` one of the names above."""

    header: int
    pixels: str
    top_down: bool = False
    width: int = WIDTH
    gap: int = 0
    reserved: int = 0
    file_size: int | None = None
    alpha_fields: bool = False
    no_offset: bool = False

    def __str__(self) -> str:
        """Return a name for test reports."""
        return f"{self.header}-{self.pixels}{'-down' if self.top_down else ''}-{self.width}-{self.gap}"


@dataclass(frozen=True)
class Written:
    """A file and what it shows: fractions (H, W, 3) of colour, (H, W) of alpha."""

    content: bytes
    colour: np.ndarray
    alpha: np.ndarray | None


def scene(width: int = WIDTH) -> np.ndarray:
    """Return fractions (H, W, 4): smooth shapes, edges, and an opacity that is not 0 everywhere."""
    y, x = np.mgrid[0:HEIGHT, 0:width].astype(float)
    red, green = x / max(1, width - 1), y / (HEIGHT - 1)
    pixels = np.stack([red, green, 0.5 + 0.4 * np.sin(x / 5) * np.cos(y / 4), 1 - 0.7 * red], -1)
    pixels[4:9, 5:12] = (0.8, 0.25, 0.2, 1)
    pixels[12:18, 20:30] = (0.1, 0.35, 0.8, 0)
    return pixels


def cases() -> Iterator[Case]:
    """Yield every combination of header and pixels that the formats allow, each in several ways to store it."""
    for header in (*OS2, *WINDOWS):
        for pixels in (*PALETTES, *RUNS, *PLAIN, *FIELDS):
            if not _is_allowed(header, pixels):
                continue
            for top_down in (False, True) if header in WINDOWS else (False,):
                for width in (1, 2, 7, 8, WIDTH):
                    case = Case(header, pixels, top_down, width)
                    yield case
                    yield replace(case, gap=5, reserved=0x01020304, file_size=7)
            yield replace(Case(header, pixels), no_offset=True)
            if header == 40 and pixels in FIELDS:
                yield replace(Case(header, pixels), alpha_fields=True)


def _is_allowed(header: int, pixels: str) -> bool:
    if pixels in FIELDS:
        has_alpha = bool(FIELDS[pixels][4])
        return header in WINDOWS and (not has_alpha or header in (56, 108, 124))
    if pixels in RUNS:
        return header in ((16, 36, 64) if pixels == "rle24" else (16, 36, 64, *WINDOWS)) and header != 16
    return header in WINDOWS or pixels not in ("palette2", "rgb16", "rgb32")


def write(case: Case, *, colours: bytes = b"", behind: bytes = b"", empty_alpha: bool = False) -> Written:
    """Write the scene in a layout.

    Args:
        case: the layout.
        colours: fields of a header of version 4 or 5 from its 56th byte on; sRGB without.
        behind: what follows the pixels.
        empty_alpha: whether the alpha channel is 0 everywhere.

    """
    image = scene(case.width)
    if empty_alpha:
        image[..., 3] = 0
    bits, compression, masks = _layout(case)
    if bits <= 8:
        stored, colour, table = _by_palette(image, case, bits)
        alpha = None
    else:
        stored, shown = _by_masks(image, masks)
        colour, alpha, table = shown[..., :3], shown[..., 3] if masks[3] and not empty_alpha else None, []
    data = _data(stored if case.top_down else stored[::-1], case, bits)
    entry = 3 if case.header == 12 else 4
    table_bytes = b"".join(bytes([*colour[::-1], 0][:entry]) for colour in table)
    fields_behind = b""
    if case.header == 40 and case.pixels in FIELDS:
        fields_behind = struct.pack("<4I", *masks)[: 16 if case.alpha_fields else 12]
    before = _header(case, bits, compression, masks, len(table), colours) + fields_behind + table_bytes
    gap = b"\xee" * case.gap
    start = 14 + len(before) + len(gap)
    content = before + gap + data + behind
    size = case.file_size if case.file_size is not None else 14 + len(content)
    head = struct.pack("<2sIII", b"BM", size, case.reserved, 0 if case.no_offset else start)
    return Written(head + content, colour, alpha)


def _layout(case: Case) -> tuple[int, int, tuple[int, ...]]:
    """Return bits per pixel, compression and masks."""
    if case.pixels in FIELDS:
        bits, *masks = FIELDS[case.pixels]
        return bits, 6 if case.alpha_fields else 3, tuple(masks)
    if case.pixels in RUNS:
        return int(case.pixels[3:]), RUNS[case.pixels], (0xFF0000, 0xFF00, 0xFF, 0)
    bits = int("".join(digit for digit in case.pixels if digit.isdigit()))
    return bits, 0, (0x7C00, 0x3E0, 0x1F, 0) if bits == 16 else (0xFF0000, 0xFF00, 0xFF, 0)


def _header(
    case: Case, bits: int, compression: int, masks: tuple[int, ...], table: int, colours: bytes
) -> bytes:
    height = -HEIGHT if case.top_down else HEIGHT
    if case.header == 12:
        return struct.pack("<I4H", 12, case.width, HEIGHT, 1, bits)
    fields = struct.pack(
        "<IiiHHIIiiII", case.header, case.width, height, 1, bits, compression, 0, 3937, 7874, table, 0
    )
    if case.header in WINDOWS:
        has_masks = case.pixels in FIELDS
        fields += struct.pack("<4I", *(masks if has_masks else (0, 0, 0, 0)))
        fields += colours or struct.pack("<I", SRGB)
    return fields[: case.header].ljust(case.header, b"\0")


def _by_palette(
    image: np.ndarray, case: Case, bits: int
) -> tuple[np.ndarray, np.ndarray, list[tuple[int, int, int]]]:
    """Return places in a table (H, W), the colours that they mean, and the table."""
    top = (1 << bits) - 1
    places = np.rint(image[..., 2] * top).astype(np.uint8)
    if case.pixels == "gray8":
        table = [(place, place, place) for place in range(256)]
    else:
        part = np.rint(np.arange(top + 1) / top * 255).astype(int)
        table = [(int(level), int(255 - level), int(abs(2 * level - 255))) for level in part]
    return places, np.array(table)[places] / 255, table


def _by_masks(image: np.ndarray, masks: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return pixels as numbers (H, W), and fractions (H, W, 4) that they stand for."""
    stored, shown = np.zeros(image.shape[:2], np.uint64), np.ones(image.shape)
    for channel, mask in enumerate(masks):
        if mask:
            step = mask & -mask
            values = np.rint(image[..., channel] * (mask // step))
            shown[..., channel] = values / (mask // step)
            stored += values.astype(np.uint64) * np.uint64(step)
    return stored, shown


def _data(stored: np.ndarray, case: Case, bits: int) -> bytes:
    """Return the pixels, with the rows in the order in which they are given."""
    if case.pixels in RUNS:
        return b"".join(_runs(row, bits, number) for number, row in enumerate(stored)) + b"\0\1"
    rows = []
    for row in stored:
        if bits <= 8:
            digits = (row[:, np.newaxis] >> np.arange(bits - 1, -1, -1) & 1).astype(np.uint8)
            data = np.packbits(digits.reshape(-1)).tobytes()
        else:
            data = b"".join(int(value).to_bytes(bits // 8, "little") for value in row)
        rows.append(data + bytes(-len(data) % 4))
    return b"".join(rows)


def _runs(row: np.ndarray, bits: int, number: int) -> bytes:
    """Return a row of runs: of repeated, alternating and listed pixels, and a run beyond its end now and then."""
    data, at = b"", 0
    while at < len(row):
        length = 1
        while at + length < len(row) and length < 255 and row[at + length] == row[at]:
            length += 1
        listed = min(len(row) - at, 3 + (number + at) % 9)
        if length < 3 <= listed:
            data += _listed(row[at : at + listed], bits)
            at += listed
            continue
        value = int(row[at])
        unit = (
            value.to_bytes(3, "little") if bits == 24 else bytes([value | value << 4 if bits == 4 else value])
        )
        is_last = at + length == len(row)
        data += bytes([min(255, length + (5 if is_last and number % 4 == 1 else 0))]) + unit
        at += length
    return data + b"\0\0"


def _listed(values: np.ndarray, bits: int) -> bytes:
    if bits == 24:
        pixels = b"".join(int(value).to_bytes(3, "little") for value in values)
    elif bits == 4:
        even = [*map(int, values), *[0] * (len(values) % 2)]
        pixels = bytes(even[n] << 4 | even[n + 1] for n in range(0, len(even), 2))
    else:
        pixels = bytes(map(int, values))
    return bytes([0, len(values)]) + pixels + bytes(len(pixels) % 2)

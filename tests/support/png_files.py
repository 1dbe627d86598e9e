"""PNG files of every layout with known samples, written by hand after the standard (W3C, third edition)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

SIGNATURE = b"\x89PNG\r\n\x1a\n"
WIDTH, HEIGHT = 37, 21
GRAY, RGB, PALETTE, GRAY_ALPHA, RGBA = 0, 2, 3, 4, 6
CHANNELS = {GRAY: 1, RGB: 3, PALETTE: 1, GRAY_ALPHA: 2, RGBA: 4}
_DEPTHS = {GRAY: (1, 2, 4, 8, 16), RGB: (8, 16), PALETTE: (1, 2, 4, 8), GRAY_ALPHA: (8, 16), RGBA: (8, 16)}
# Table 8: the first column and row of each pass of Adam7, and the steps to the next.
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))

Chunk = tuple[bytes, bytes]


@dataclass(frozen=True)
class PngCase:
    """One layout: ``transparent`` adds tRNS, ``filters`` are the filter types of the rows in turn."""

    colour_type: int
    depth: int
    transparent: bool = False
    interlaced: bool = False
    filters: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class PngFile:
    """A file and what it shows: whole numbers (H, W, 1 or 3) of colour, alpha as fractions (H, W), and their top."""

    content: bytes
    colour: np.ndarray
    alpha: np.ndarray | None
    top: int


def every_case() -> Iterator[PngCase]:
    """Yield every combination that the standard allows."""
    for colour_type, depths in _DEPTHS.items():
        for depth in depths:
            for transparent in (False, True) if colour_type in (GRAY, RGB, PALETTE) else (False,):
                for interlaced in (False, True):
                    for filters in ((0,), (1,), (2,), (3,), (4,), (0, 1, 2, 3, 4)):
                        yield PngCase(colour_type, depth, transparent, interlaced, filters)


def write_png(case: PngCase, extra: Sequence[Chunk] = ()) -> PngFile:
    """Write a scene in a layout, with further chunks before the pixels."""
    random = np.random.default_rng(case.depth)
    top = 2**case.depth - 1
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    ramp = (x * top // (WIDTH - 1)).astype(np.int64)
    noise = random.integers(0, top + 1, (HEIGHT, WIDTH, 4))
    planes = [ramp, noise[..., 0], (y * top // (HEIGHT - 1)), noise[..., 1]]
    count = CHANNELS[case.colour_type]
    samples = np.stack(planes[:count], axis=-1)
    chunks: list[Chunk] = [(b"IHDR", _header(case))]
    chunks += extra
    colour, alpha, shown_top = samples, None, top
    if case.colour_type == PALETTE:
        table = random.integers(0, 256, (top + 1, 3))
        chunks.append((b"PLTE", table.astype(np.uint8).tobytes()))
        colour, shown_top = table[samples[..., 0]], 255
        if case.transparent:
            opacities = random.integers(0, 256, max(1, top))
            chunks.append((b"tRNS", opacities.astype(np.uint8).tobytes()))
            alpha = np.append(opacities, [255] * 2)[samples[..., 0]] / 255
    elif case.transparent:
        key = samples[HEIGHT // 2, WIDTH // 2]
        chunks.append((b"tRNS", key.astype(">u2").tobytes()))
        alpha = (samples != key).any(axis=-1).astype(float)
    elif case.colour_type in (GRAY_ALPHA, RGBA):
        colour, alpha = samples[..., :-1], samples[..., -1] / top
    data = zlib.compress(_image_data(samples, case))
    middle = len(data) // 2
    chunks += [(b"IDAT", data[:middle]), (b"IDAT", b""), (b"IDAT", data[middle:]), (b"IEND", b"")]
    return PngFile(join(chunks), colour, alpha, shown_top)


def join(chunks: Sequence[Chunk]) -> bytes:
    """Return a file of chunks."""
    return SIGNATURE + b"".join(chunk(kind, data) for kind, data in chunks)


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return one chunk with length and checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def split(content: bytes) -> list[Chunk]:
    """Return the chunks of a file."""
    chunks, at = [], len(SIGNATURE)
    while at < len(content):
        (length,) = struct.unpack_from(">I", content, at)
        chunks.append((content[at + 4 : at + 8], content[at + 8 : at + 8 + length]))
        at += 12 + length
    return chunks


def _header(case: PngCase) -> bytes:
    return struct.pack(">IIBBBBB", WIDTH, HEIGHT, case.depth, case.colour_type, 0, 0, int(case.interlaced))


def _image_data(samples: np.ndarray, case: PngCase) -> bytes:
    if not case.interlaced:
        return _pass(samples, case)
    return b"".join(_pass(samples[top::down, left::across], case) for left, top, across, down in _ADAM7)


def _pass(samples: np.ndarray, case: PngCase) -> bytes:
    """Return the filtered rows of one pass."""
    if not samples.size:
        return b""
    rows = [_packed(row, case.depth) for row in samples]
    stride = max(1, CHANNELS[case.colour_type] * case.depth // 8)
    above, result = bytes(len(rows[0])), b""
    for number, row in enumerate(rows):
        kind = case.filters[number % len(case.filters)]
        result += bytes([kind]) + _filtered(kind, row, above, stride)
        above = row
    return result


def _packed(row: np.ndarray, depth: int) -> bytes:
    if depth == 16:
        return row.astype(">u2").tobytes()
    bits = (row.reshape(-1, 1) >> np.arange(depth - 1, -1, -1) & 1).astype(np.uint8)
    return np.packbits(bits).tobytes()


def _filtered(kind: int, row: bytes, above: bytes, stride: int) -> bytes:
    """Apply a filter type (the standard's table 9) to the bytes of a row."""
    result = bytearray()
    for place, value in enumerate(row):
        left = row[place - stride] if place >= stride else 0
        upper = above[place]
        corner = above[place - stride] if place >= stride else 0
        prediction = (0, left, upper, (left + upper) // 2, _paeth(left, upper, corner))[kind]
        result.append((value - prediction) & 0xFF)
    return bytes(result)


def _paeth(left: int, upper: int, corner: int) -> int:
    estimate = left + upper - corner
    return min((left, upper, corner), key=lambda value: abs(estimate - value))

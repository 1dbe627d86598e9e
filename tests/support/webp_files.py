"""WebP files of every kind with known pixels: chunks by hand after RFC 9649, their bits by libwebp."""

from __future__ import annotations

import io
import itertools
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

Chunk = tuple[bytes, bytes]
ANIMATION, XMP, EXIF, ALPHA, ICC = 0x02, 0x04, 0x08, 0x10, 0x20
SIZES = ((37, 21), (1, 1), (1, 9), (64, 2), (16, 16))
CONTAINERS = ("simple", "extended", "animation", "part of an animation")


@dataclass(frozen=True)
class Case:
    """One file: how its bits are compressed, and what is around them."""

    lossless: bool = True
    alpha: bool = False
    size: tuple[int, int] = (37, 21)
    container: str = "simple"
    flags: int = 0
    unknown: bool = False
    blended: bool = True


@dataclass(frozen=True)
class Written:
    """A file and what it shows: uint8 (H, W, 4); lossy ones nearly."""

    content: bytes
    shown: np.ndarray


def cases() -> Iterator[Case]:
    """Yield every combination of what a file can have."""
    for lossless, alpha, size, container, unknown in itertools.product(
        (False, True), (False, True), SIZES, CONTAINERS, (False, True)
    ):
        if container == "simple":
            # Lossy bits have no transparency of their own.
            if (lossless or not alpha) and not unknown:
                yield Case(lossless, alpha, size)
            continue
        for blended in (True, False) if "animation" in container else (True,):
            yield Case(lossless, alpha, size, container, unknown=unknown, blended=blended)


def scene(size: tuple[int, int]) -> np.ndarray:
    """Return uint8 (H, W, 4): smooth colours, and an opacity with all values."""
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    waves = 128 + 90 * np.sin(x / 9) * np.cos(y / 8)
    opacity = np.where((x - 18) ** 2 + (y - 10) ** 2 < 64, 255, x * 7 % 256)
    return np.rint(np.stack([40 + x * 4, 60 + y * 6, waves, opacity], -1)).clip(0, 255).astype(np.uint8)


def bits_of(pixels: np.ndarray, *, lossless: bool) -> list[Chunk]:
    """Return the chunks of an image, that of its transparency first."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(
        buffer, "WEBP", lossless=lossless, quality=100, exact=True, alpha_quality=100, method=4
    )
    return [chunk for chunk in chunks_of(buffer.getvalue()) if chunk[0] != b"VP8X"]


def chunks_of(content: bytes) -> list[Chunk]:
    """Return the chunks of a file."""
    found, at = [], 12
    while at + 8 <= len(content):
        kind, length = struct.unpack_from("<4sI", content, at)
        found.append((kind, content[at + 8 : at + 8 + length]))
        at += 8 + length + length % 2
    return found


def join(chunks: list[Chunk]) -> bytes:
    """Return a file of these chunks."""
    body = packed(chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def packed(chunks: list[Chunk]) -> bytes:
    """Return chunks one behind the other."""
    return b"".join(
        kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2) for kind, data in chunks
    )


def header(flags: int, size: tuple[int, int]) -> Chunk:
    """Return the chunk that an extended file begins with."""
    return b"VP8X", struct.pack("<I", flags) + b"".join((side - 1).to_bytes(3, "little") for side in size)


def frame(place: tuple[int, int], size: tuple[int, int], bits: list[Chunk], *, blended: bool = True) -> Chunk:
    """Return the chunk of one image of an animation."""
    numbers = (place[0] // 2, place[1] // 2, size[0] - 1, size[1] - 1, 100)
    start = b"".join(number.to_bytes(3, "little") for number in numbers)
    return b"ANMF", start + bytes([0 if blended else 2]) + packed(bits)


def write(case: Case, *, before: tuple[Chunk, ...] = (), behind: tuple[Chunk, ...] = ()) -> Written:
    """Write a file; ``before`` and ``behind`` are chunks around its image."""
    pixels = scene(case.size)
    if not case.alpha:
        pixels[..., 3] = 255
    bits = bits_of(pixels if case.alpha else pixels[..., :3], lossless=case.lossless)
    if case.container == "simple":
        return Written(join(bits), pixels)
    odd = [(b"ABCD", b"odd")] if case.unknown else []
    flags = case.flags | (ALPHA if case.alpha else 0)
    if case.container == "extended":
        return Written(join([header(flags, case.size), *odd, *before, *bits, *odd, *behind]), pixels)
    place = (6, 4) if case.container == "part of an animation" else (0, 0)
    whole = (case.size[0] + 2 * place[0], case.size[1] + place[1])
    shown = np.zeros((whole[1], whole[0], 4), np.uint8)
    shown[place[1] : place[1] + case.size[1], place[0] : place[0] + case.size[0]] = pixels
    red = np.full((1, 1, 3), (255, 0, 0), np.uint8)
    frames = [
        frame(place, case.size, bits, blended=case.blended),
        frame((0, 0), (1, 1), bits_of(red, lossless=True)),
    ]
    # A background colour that browsers ignore.
    animation = (b"ANIM", struct.pack("<IH", 0xFF0000FF, 0))
    return Written(
        join([header(flags | ANIMATION, whole), *before, animation, *odd, *frames, *behind]), shown
    )

"""The chunks of a PNG file: which parts its pixels need, and its facts.

The standard is W3C, "Portable Network Graphics, Third Edition".

Readers give up on whole files whose metadata they dislike: long texts, large profiles, wrong checksums where nothing
depends on them. They are handed the parts that matter, and nothing else.
"""

from __future__ import annotations

import itertools
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO

from isal import isal_zlib

from upscaler.engine.imaging import complexity
from upscaler.engine.imaging.apng import FirstFrame
from upscaler.engine.imaging.file_parts import Part
from upscaler.engine.imaging.png import SIGNATURE
from upscaler.errors import DamagedImage

_CRITICAL = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
_BEFORE_PIXELS = (b"IHDR", b"PLTE")
# Chunks whose content is read here. The longest profiles, of printers, have a few megabytes.
_MOST_PROFILE_BYTES = 16 << 20
_BLOCK = 1 << 20
_METRES_PER_INCH = 0.0254
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")


@dataclass
class PngChunks:
    """Facts from the chunks of a file.

    Attributes:
        depth: bits per sample, 1 to 16.
        colour_type: 0 gray, 2 RGB, 3 palette, 4 gray and alpha, 6 RGBA.
        parts: what makes a file of the pixels alone; of an animation those of its first image.
        transparent: content of tRNS, None without one.
        icc: ICC profile, empty for one that cannot be unpacked, None without one.
        gamma: the exponent of gAMA.
        chromaticities: the eight numbers of cHRM: x and y of white, red, green and blue.
        is_srgb: whether there is an sRGB chunk.
        codes: the four code points of cICP (H.273).
        dpi: resolution in dots per inch.
        frames: images of an animation; 1 for a still image.
        is_partial: whether the first image of an animation covers a part of the canvas only.
        exif: content of eXIf. What texts say about the orientation counts for nothing, as in browsers.
        texts: whether there are text chunks, XMP aside.
        xmp: whether there is an XMP packet.

    """

    depth: int = 0
    colour_type: int = 0
    parts: list[Part] = field(default_factory=list)
    transparent: bytes | None = None
    icc: bytes | None = None
    gamma: float | None = None
    chromaticities: tuple[float, ...] | None = None
    is_srgb: bool = False
    codes: tuple[int, int, int, int] | None = None
    dpi: tuple[float, float] | None = None
    frames: int = 1
    is_partial: bool = False
    exif: bytes = b""
    texts: bool = False
    xmp: bool = False


def read_chunks(file: IO[bytes]) -> PngChunks:
    """Read the chunks of a file, at its beginning.

    A chunk that is not needed for the pixels is passed over when it is damaged; bytes behind the last chunk are
    ignored.

    Raises:
        DamagedImage: a chunk that is needed is damaged or missing.
        TooComplexImage: there are too many chunks.

    """
    found = PngChunks(parts=[(0, len(SIGNATURE))])
    at = len(SIGNATURE)
    pixels: list[Part] = []
    end: list[Part] = []
    first = FirstFrame()
    size = None
    for number in itertools.count():
        complexity.check(number, complexity.MOST_PARTS)
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            break
        length, kind = struct.unpack(">I4s", head)
        content, is_whole = _read_content(file, kind, length)
        is_first = kind in (b"fcTL", b"fdAT") and first.is_due
        if not is_whole and (kind in _CRITICAL or is_first):
            raise DamagedImage
        if is_first and kind == b"fdAT":
            first.take_pixels(file, at, length)
        elif is_whole:
            first.take(kind, content)
            _take(found, kind, content, (at, 12 + length))
        if kind == b"IHDR":
            found.depth, found.colour_type = content[8], content[9]
            size = struct.unpack_from(">II", content)
        if kind == b"IDAT":
            pixels.append((at, 12 + length))
        if kind == b"IEND":
            end.append((at, 12 + length))
            break
        at += 12 + length
    if size is None or not pixels:
        raise DamagedImage
    found.is_partial = bool(first.parts) and not first.covers(*size)
    found.parts += (first.parts or pixels) + end
    return found


def _read_content(file: IO[bytes], kind: bytes, length: int) -> tuple[bytes, bool]:
    """Return the content, empty for pixels, and whether length and checksum are right."""
    crc, left, content = isal_zlib.crc32(kind), length, []
    keeps = length <= 2 * _MOST_PROFILE_BYTES and kind not in (b"IDAT", b"fdAT")
    while left:
        block = file.read(min(left, _BLOCK))
        if not block:
            return b"", False
        crc, left = isal_zlib.crc32(block, crc), left - len(block)
        if keeps:
            content.append(block)
    is_whole = file.read(4) == struct.pack(">I", crc) and (kind != b"IHDR" or length == 13)
    return b"".join(content), is_whole


def _take(found: PngChunks, kind: bytes, content: bytes, part: tuple[int, int]) -> None:
    if kind in _TEXTS:
        is_xmp = content.startswith(b"XML:com.adobe.xmp\0")
        found.xmp, found.texts = found.xmp or is_xmp, found.texts or not is_xmp
    elif kind in _BEFORE_PIXELS:
        found.parts.append(part)
    elif kind in _PARSERS:
        try:
            _PARSERS[kind](found, content)
        except (struct.error, IndexError):
            # A chunk of the wrong length says nothing.
            return


def _unpacked(data: bytes, most: int) -> bytes | None:
    """Return zlib's data unpacked, None where it is damaged or longer than ``most``."""
    unpacker = zlib.decompressobj()
    try:
        content = unpacker.decompress(data, most + 1)
    except zlib.error:
        return None
    return content if len(content) <= most else None


def _profile(found: PngChunks, content: bytes) -> None:
    _, _, rest = content.partition(b"\0")
    if found.icc is None:
        found.icc = _unpacked(rest[1:], _MOST_PROFILE_BYTES) or b""


def _gamma(found: PngChunks, content: bytes) -> None:
    (value,) = struct.unpack(">I", content)
    found.gamma = value / 100_000 if value else None


def _chromaticities(found: PngChunks, content: bytes) -> None:
    found.chromaticities = tuple(value / 100_000 for value in struct.unpack(">8I", content))


def _codes(found: PngChunks, content: bytes) -> None:
    primaries, transfer, matrix, full = struct.unpack(">4B", content)
    found.codes = (primaries, transfer, matrix, full)


def _resolution(found: PngChunks, content: bytes) -> None:
    across, down, unit = struct.unpack(">IIB", content)
    if unit == 1:
        found.dpi = (across * _METRES_PER_INCH, down * _METRES_PER_INCH)


def _transparent(found: PngChunks, content: bytes) -> None:
    found.transparent = content


def _exif(found: PngChunks, content: bytes) -> None:
    found.exif = content


def _is_srgb(found: PngChunks, content: bytes) -> None:
    found.is_srgb = len(content) == 1


def _animation(found: PngChunks, content: bytes) -> None:
    (frames, _) = struct.unpack(">II", content)
    found.frames = max(1, frames)


_PARSERS: dict[bytes, Callable[[PngChunks, bytes], None]] = {
    b"iCCP": _profile,
    b"gAMA": _gamma,
    b"cHRM": _chromaticities,
    b"sRGB": _is_srgb,
    b"cICP": _codes,
    b"pHYs": _resolution,
    b"tRNS": _transparent,
    b"acTL": _animation,
    b"eXIf": _exif,
}

"""The chunks of a WebP file (RFC 9649): which parts the pixels of its first image need, and its facts."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import IO

from upscaler.engine.imaging import complexity
from upscaler.engine.imaging.file_parts import Part
from upscaler.errors import DamagedImage

_HEADER, _LOSSY, _LOSSLESS, _ALPHA = b"VP8X", b"VP8 ", b"VP8L", b"ALPH"
_FRAME, _PROFILE, _EXIF, _XMP = b"ANMF", b"ICCP", b"EXIF", b"XMP "
_ANIMATION_FLAG, _ALPHA_FLAG = 0x02, 0x10
_HEADER_BYTES, _FRAME_BYTES = 10, 16
_LOSSY_START, _LOSSLESS_START = b"\x9d\x01\x2a", 0x2F
# Metadata that is read at all. The longest profiles, of printers, have a few megabytes.
_MOST_BYTES = 16 << 20
_NO_ANIMATION = b"ANIM" + struct.pack("<IIH", 6, 0, 0)


@dataclass
class WebpChunks:
    """Facts from the chunks of a file; those of an image are of the first one.

    Attributes:
        size: width and height in pixels of the whole.
        left, top, width, height: place of the image in it, in pixels.
        parts: what makes a file of the image alone, with room for transparency.
        has_alpha: whether the data of the image has transparency.
        denies_alpha: whether the header says that it has none.
        frames: images of an animation; 1 for a still image.
        icc: ICC profile, None without one.
        exif: EXIF data, empty without any.
        xmp: whether there is an XMP packet.

    """

    size: tuple[int, int] = (0, 0)
    left: int = 0
    top: int = 0
    width: int = 0
    height: int = 0
    parts: list[Part] = field(default_factory=list)
    has_alpha: bool = False
    denies_alpha: bool = False
    frames: int = 0
    icc: bytes | None = None
    exif: bytes = b""
    xmp: bool = False

    @property
    def fills(self) -> bool:
        """Whether the image covers the whole."""
        return (self.left, self.top, self.width, self.height) == (0, 0, *self.size)


def read_chunks(file: IO[bytes]) -> WebpChunks:
    """Read the chunks of a file, whatever length it says that it has.

    Raises:
        DamagedImage: a chunk that the first image needs is damaged or missing.

    """
    found = WebpChunks()
    file.seek(0, 2)
    end, at = file.tell(), 12
    is_known = False
    parts = 0
    while at + 8 <= end:
        parts += 1
        complexity.check(parts, complexity.MOST_PARTS)
        file.seek(at)
        kind, length = struct.unpack("<4sI", file.read(8))
        start = at + 8
        if start + length > end:
            break
        if kind == _HEADER and not is_known:
            _take_header(found, file.read(min(length, _HEADER_BYTES)))
            is_known = True
        elif kind == _FRAME:
            _take_frame(found, file, start, length)
        elif kind in (_LOSSY, _LOSSLESS, _ALPHA):
            _take_bits(found, file, kind, (start, length))
        elif kind in (_PROFILE, _EXIF, _XMP):
            _take_metadata(found, kind, file.read(min(length, _MOST_BYTES)))
        at = start + length + length % 2
    _finish(found, is_known=is_known)
    return found


def _take_header(found: WebpChunks, content: bytes) -> None:
    if len(content) < _HEADER_BYTES:
        raise DamagedImage
    found.denies_alpha = not content[0] & _ALPHA_FLAG
    found.size = (
        1 + int.from_bytes(content[4:7], "little"),
        1 + int.from_bytes(content[7:10], "little"),
    )


def _take_frame(found: WebpChunks, file: IO[bytes], start: int, length: int) -> None:
    """Take the first frame, count further ones."""
    found.frames += 1
    complexity.check(found.frames, complexity.MOST_IMAGES)
    if found.frames > 1 or found.parts:
        return
    place = file.read(_FRAME_BYTES)
    if length < _FRAME_BYTES:
        raise DamagedImage
    numbers = [int.from_bytes(place[at : at + 3], "little") for at in range(0, 12, 3)]
    found.left, found.top, found.width, found.height = (
        2 * numbers[0],
        2 * numbers[1],
        1 + numbers[2],
        1 + numbers[3],
    )
    at, end = start + _FRAME_BYTES, start + length
    while at + 8 <= end:
        file.seek(at)
        kind, size = struct.unpack("<4sI", file.read(8))
        if kind == _ALPHA or (kind == _LOSSLESS and _says_alpha(file.read(5))):
            found.has_alpha = True
        at += 8 + size + size % 2
    found.parts = [_NO_ANIMATION, (start - 8, length + 8), bytes(length % 2)]


def _take_bits(found: WebpChunks, file: IO[bytes], kind: bytes, place: tuple[int, int]) -> None:
    """Take the data of a still image, and of its transparency, which stands before it."""
    if found.frames:
        return
    start, length = place
    if kind == _ALPHA:
        found.has_alpha = True
    else:
        head = file.read(10)
        size = _lossy_size(head) if kind == _LOSSY else _lossless_size(head)
        found.width, found.height = size
        found.has_alpha = found.has_alpha or (kind == _LOSSLESS and _says_alpha(head))
        found.frames = 1
    found.parts += [(start - 8, length + 8), bytes(length % 2)]


def _lossy_size(head: bytes) -> tuple[int, int]:
    if len(head) < 10 or head[3:6] != _LOSSY_START:
        raise DamagedImage
    width, height = struct.unpack_from("<HH", head, 6)
    return width & 0x3FFF, height & 0x3FFF


def _lossless_size(head: bytes) -> tuple[int, int]:
    if len(head) < 5 or head[0] != _LOSSLESS_START:
        raise DamagedImage
    (bits,) = struct.unpack_from("<I", head, 1)
    return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)


def _says_alpha(head: bytes) -> bool:
    return len(head) >= 5 and bool(head[4] & 0x10)


def _take_metadata(found: WebpChunks, kind: bytes, content: bytes) -> None:
    if kind == _PROFILE and found.icc is None:
        found.icc = content
    elif kind == _EXIF and not found.exif:
        found.exif = content
    elif kind == _XMP:
        found.xmp = True


def _finish(found: WebpChunks, *, is_known: bool) -> None:
    if not found.frames or not found.width or not found.height:
        raise DamagedImage
    if not is_known:
        found.size = (found.width, found.height)
    is_animation = found.parts[0] == _NO_ANIMATION
    flags = _ALPHA_FLAG | (_ANIMATION_FLAG if is_animation else 0)
    sides = b"".join((side - 1).to_bytes(3, "little") for side in found.size)
    header = _HEADER + struct.pack("<II", _HEADER_BYTES, flags) + sides
    length = len(header) + sum(len(part) if isinstance(part, bytes) else part[1] for part in found.parts)
    found.parts.insert(0, b"RIFF" + struct.pack("<I", 4 + length) + b"WEBP" + header)

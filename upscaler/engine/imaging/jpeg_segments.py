"""The segments of a JPEG file (Rec. ITU-T T.81, annex B): which parts its pixels need, and its facts.

Readers give up on whole files whose metadata they dislike, and pass over data that ends early. They are handed the
parts that matter with an end, and warnings then mean damage.
"""

from __future__ import annotations

import mmap
import re
import struct
from dataclasses import dataclass, field
from typing import IO

from upscaler.engine.imaging import complexity
from upscaler.engine.imaging.file_parts import Part
from upscaler.engine.imaging.multi_picture import count_images
from upscaler.errors import DamagedImage

_END, _SCAN, _HIERARCHY = 0xD9, 0xDA, 0xDE
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_QUANTISATION = 0xDB
_TABLES = frozenset({0xC4, 0xCC, _QUANTISATION, 0xDD})
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}
SEQUENTIAL, PROGRESSIVE = (0xC0, 0xC1), 0xC2
_COMMENT = 0xFE
_APP0, _APP1, _APP2, _APP13, _APP14 = 0xE0, 0xE1, 0xE2, 0xED, 0xEE
_NEXT_MARKER = re.compile(rb"\xff+[^\x00\xff]")
_END_OF_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_JFIF = b"\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"
_ADOBE = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0"
_CENTIMETRE = 2
_CENTIMETRES_PER_INCH = 2.54
_PROFILE, _PICTURES = b"ICC_PROFILE\0", b"MPF\0"
# The ways in which phones mark a gain map: Adobe's and Google's, Apple's, and that of ISO 21496-1.
_GAIN_MAP_MARKS = (b"http://ns.adobe.com/hdr-gain-map/1.0/", b"HDRGainMap", b"urn:iso:std:iso:ts:21496:-1")
_COEFFICIENTS = 64


@dataclass
class JpegSegments:
    """Facts from the segments of a file.

    Attributes:
        size: width and height in pixels; a height of 0 is told behind the first scan.
        depth: bits per channel.
        process: marker of the frame, which names the kind of compression.
        components: number, horizontal and vertical sampling factor of each channel.
        luma_table: number of the quantisation table of the first channel.
        quantisation: the bodies of the segments that define quantisation tables.
        is_hierarchical: whether there are several frames of growing size.
        parts: what makes a file of the pixels alone, without its end.
        has_end: whether the file says where the image ends.
        scans: how many scans there are.
        has_jfif: whether there is a JFIF header.
        transform: Adobe's code for the colour space, None without one.
        dpi: resolution in dots per inch of the JFIF header.
        exif: EXIF data, empty without any.
        profile: parts of an ICC profile: number, count and content.
        metadata: names of the kinds of metadata.
        images: how many images the file holds; copies for a preview do not count.
        has_gain_map: whether one of them makes an HDR image of the first.

    """

    size: tuple[int, int] = (0, 0)
    depth: int = 0
    process: int = 0
    components: tuple[tuple[int, int, int], ...] = ()
    luma_table: int = 0
    quantisation: list[bytes] = field(default_factory=list)
    is_hierarchical: bool = False
    parts: list[Part] = field(default_factory=list)
    has_end: bool = False
    scans: int = 0
    has_jfif: bool = False
    transform: int | None = None
    dpi: tuple[float, float] | None = None
    exif: bytes = b""
    profile: list[tuple[int, int, bytes]] = field(default_factory=list)
    metadata: set[str] = field(default_factory=set)
    images: int = 1
    has_gain_map: bool = False

    @property
    def icc(self) -> bytes | None:
        """The ICC profile, empty where parts of it are missing, None without one."""
        if not self.profile:
            return None
        pieces = {number: content for number, _, content in self.profile}
        expected = range(1, self.profile[0][1] + 1)
        return (
            b"".join(pieces.get(number, b"") for number in expected) if set(expected) <= set(pieces) else b""
        )


def read_segments(file: IO[bytes]) -> JpegSegments:
    """Read the segments of a file.

    Raises:
        DamagedImage: a segment or a scan that the pixels need is damaged or missing.
        TooComplexImage: there are too many of them.

    """
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        walk = _Walk(content)
        walk.run()
        found = walk.found
        found.has_gain_map = any(content.find(mark) >= 0 for mark in _GAIN_MAP_MARKS)
    found.images = max(1, found.images - found.has_gain_map)
    colours = (_JFIF if found.has_jfif else b"") + (
        b"" if found.transform is None else _ADOBE + bytes([found.transform])
    )
    found.parts.insert(0, b"\xff\xd8" + colours)
    return found


class _Walk:
    """A walk over the segments up to the end of the first image."""

    def __init__(self, content: mmap.mmap) -> None:
        self.found = JpegSegments()
        self._content = content
        self._at = 0
        self._segments = 0
        # For each component the precision that each of its coefficients has so far, as a number of missing bits.
        self._missing: dict[int, dict[int, int]] = {}

    def run(self) -> None:
        """Fill ``found``."""
        while (marker := self._next_marker()) is not None:
            self.found.has_end = marker == _END
            if self.found.has_end or not self._take_segment(marker):
                break
        self._check_scans()

    def _next_marker(self) -> int | None:
        """Return the next marker that is not alone, and go behind it; what lies before it is passed over."""
        while match := _NEXT_MARKER.search(self._content, self._at):
            self._at = match.end()
            marker = self._content[self._at - 1]
            if marker not in _ALONE:
                return marker
        return None

    def _take_segment(self, marker: int) -> bool:
        """Take a segment and what belongs to it; return False where the file ends within it."""
        self._segments += 1
        complexity.check(self._segments, complexity.MOST_PARTS)
        start, end = self._at + 2, len(self._content)
        if start > end:
            return False
        (length,) = struct.unpack_from(">H", self._content, self._at)
        if length < 2:
            raise DamagedImage
        if self._at + length > end:
            return False
        segment, body = (self._at - 2, length + 2), self._content[start : self._at + length]
        self._at += length
        if marker == _SCAN:
            self._take_scan(body)
        elif marker in FRAMES:
            self._take_frame(marker, body, segment)
        elif marker in _TABLES:
            self.found.parts.append(segment)
            if marker == _QUANTISATION:
                self.found.quantisation.append(body)
        elif marker == _HIERARCHY:
            self.found.is_hierarchical = True
        else:
            _take_metadata(self.found, marker, body)
        return True

    def _take_frame(self, marker: int, body: bytes, segment: tuple[int, int]) -> None:
        found = self.found
        if found.process:
            if found.is_hierarchical:
                return
            raise DamagedImage
        if len(body) < 6 or len(body) < 6 + 3 * body[5]:
            raise DamagedImage
        found.depth, height, width, count = struct.unpack_from(">BHHB", body)
        found.process, found.size = marker, (width, height)
        places = range(6, 6 + 3 * count, 3)
        found.components = tuple((body[at], body[at + 1] >> 4, body[at + 1] & 15) for at in places)
        found.luma_table = body[8] if count else 0
        self._missing = {number: {} for number, _, _ in found.components}
        found.parts.append(segment)

    def _take_scan(self, body: bytes) -> None:
        if not self.found.process or not body or len(body) < 4 + 2 * body[0]:
            raise DamagedImage
        last = 1 + 2 * body[0]
        first, end, bits = body[last], body[last + 1], body[last + 2] & 15
        if self.found.process in SEQUENTIAL:
            # Some writers leave these out, and readers ignore them.
            first, end, bits = 0, _COEFFICIENTS - 1, 0
            body = body[:last] + bytes([first, end, bits])
        for at in range(1, last, 2):
            if body[at] in self._missing:
                self._missing[body[at]].update(dict.fromkeys(range(first, end + 1), bits))
        match = _END_OF_SCAN.search(self._content, self._at)
        stop = match.start() if match else self._end_of_data()
        head = b"\xff\xda" + struct.pack(">H", 2 + len(body)) + body
        self.found.parts += [head, (self._at, stop - self._at)]
        self.found.scans += 1
        complexity.check(self.found.scans, complexity.MOST_SCANS)
        self._at = stop

    def _end_of_data(self) -> int:
        """Return where data without an end ends; zeros at the end of a file are what a download left out."""
        return min(len(self._content), self._at + len(self._content[self._at :].rstrip(b"\0")) + 1)

    def _check_scans(self) -> None:
        """Raise ``DamagedImage`` where scans are missing.

        A progressive image may leave details out, but one without an end was cut off.
        """
        if not self.found.process:
            raise DamagedImage
        if self.found.process not in (*SEQUENTIAL, PROGRESSIVE):
            return
        for bits in self._missing.values():
            is_whole = len(bits) == _COEFFICIENTS and not any(bits.values())
            if 0 not in bits or not (self.found.has_end or is_whole):
                raise DamagedImage


def _take_metadata(found: JpegSegments, marker: int, body: bytes) -> None:
    if marker == _COMMENT:
        found.metadata.add("comment")
    elif marker == _APP0 and body.startswith(b"JFIF\0") and len(body) >= 14:
        _take_jfif(found, body)
    elif marker == _APP1 and body.startswith(b"Exif\0\0"):
        found.metadata.add("exif")
        found.exif += body[6:]
    elif marker == _APP1 and body.startswith(b"http://ns.adobe.com/xap/1.0/\0"):
        found.metadata.add("xmp")
    elif marker == _APP2 and body.startswith(_PROFILE) and len(body) > 14:
        found.profile.append((body[12], body[13], body[14:]))
    elif marker == _APP2 and body.startswith(_PICTURES):
        found.images = count_images(body[len(_PICTURES) :])
    elif marker == _APP13 and body.startswith(b"Photoshop 3.0\0") and b"8BIM\x04\x04" in body:
        found.metadata.add("iptc")
    elif marker == _APP14 and body.startswith(b"Adobe") and len(body) >= 12:
        found.transform = body[11]


def _take_jfif(found: JpegSegments, body: bytes) -> None:
    found.has_jfif = True
    unit, across, down = struct.unpack_from(">BHH", body, 7)
    if unit:
        factor = _CENTIMETRES_PER_INCH if unit == _CENTIMETRE else 1.0
        found.dpi = (across * factor, down * factor)

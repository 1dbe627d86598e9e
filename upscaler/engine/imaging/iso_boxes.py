"""The boxes of AVIF and HEIC files (ISO/IEC 14496-12 and 23008-12): items with what describes them, and tracks."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from upscaler.errors import DamagedImage

# A file's index of its items. Cameras write some ten kilobytes.
_MOST_INDEX_BYTES = 16 << 20
_HEADER_BYTES = 8
# Bytes of a sample entry before its boxes (14496-12, 12.1.3).
_SAMPLE_ENTRY_BYTES = 78
_UPRIGHT = (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)

Box = tuple[bytes, bytes]


@dataclass
class Item:
    """One item.

    Attributes:
        kind: its type, such as ``av01``.
        content_type: media type of an item of the type ``mime``.
        is_hidden: whether it is not to be shown by itself.
        properties: type and content of the boxes that describe it, in their order.
        refers: numbers of the items that it refers to, by the type of the reference.
        extents: offset and length of its content; in the file, or in the index where ``in_index``.
        in_index: where its content is.

    """

    kind: bytes = b""
    content_type: bytes = b""
    is_hidden: bool = False
    properties: list[Box] = field(default_factory=list)
    refers: dict[bytes, list[int]] = field(default_factory=dict)
    extents: list[tuple[int, int]] = field(default_factory=list)
    in_index: bool = False


@dataclass(frozen=True)
class Track:
    """One track of a sequence.

    Attributes:
        handler: what it is, such as ``pict`` or ``auxv``.
        size: width and height in pixels.
        is_upright: whether it is not turned.
        coding: type of its images.
        boxes: what describes them.
        samples: how many there are.
        start: offset of the first one in the file.
        refers: types of its references.

    """

    handler: bytes
    size: tuple[int, int]
    is_upright: bool
    coding: bytes
    boxes: list[Box]
    samples: int
    start: int
    refers: frozenset[bytes]


@dataclass
class IsoFile:
    """The index of a file.

    Attributes:
        brand: its main brand.
        items: by number.
        primary: number of the item that is shown, 0 without one.
        tracks: of a sequence.
        stored: content that the index itself holds.
        lists: the content of the boxes that list items and references, by their type.

    """

    brand: bytes = b""
    items: dict[int, Item] = field(default_factory=dict)
    primary: int = 0
    tracks: list[Track] = field(default_factory=list)
    stored: bytes = b""
    lists: dict[bytes, bytes] = field(default_factory=dict)

    def content(self, file: IO[bytes], item: Item, most: int) -> bytes:
        """Return at most the first ``most`` bytes of an item's content."""
        found = b""
        for offset, length in item.extents:
            wanted = min(length, most - len(found))
            if item.in_index:
                found += self.stored[offset : offset + wanted]
            else:
                file.seek(offset)
                found += file.read(wanted)
        return found


def read_boxes(file: IO[bytes]) -> IsoFile:
    """Read the index of a file; it may stand anywhere afterwards.

    Raises:
        DamagedImage: it makes no sense.

    """
    found = IsoFile()
    try:
        for kind, content in _outer_boxes(file):
            if kind == b"ftyp":
                found.brand = content[:4]
            elif kind == b"meta":
                _take_meta(found, dict(boxes(content[4:])))
            elif kind == b"moov":
                found.tracks = [_track(inner) for name, inner in boxes(content) if name == b"trak"]
    except (struct.error, IndexError, KeyError) as error:
        raise DamagedImage from error
    return found


def boxes(data: bytes) -> Iterator[Box]:
    """Yield type and content of the boxes in ``data``."""
    start = 0
    while start + _HEADER_BYTES <= len(data):
        size, kind = struct.unpack_from(">I4s", data, start)
        header = _HEADER_BYTES
        if size == 1:
            (size,), header = struct.unpack_from(">Q", data, start + 8), 16
        size = size or len(data) - start
        if size < header:
            return
        yield kind, data[start + header : start + size]
        start += size


def _outer_boxes(file: IO[bytes]) -> Iterator[Box]:
    """Yield type and content of the file's own boxes; those of the pixels without content."""
    file.seek(0, 2)
    end, start = file.tell(), 0
    while start + _HEADER_BYTES <= end:
        file.seek(start)
        head = file.read(16)
        size, kind = struct.unpack_from(">I4s", head)
        header = _HEADER_BYTES
        if size == 1:
            (size,), header = struct.unpack_from(">Q", head, 8), 16
        size = size or end - start
        if size < header:
            return
        content = b""
        if kind in (b"ftyp", b"meta", b"moov"):
            file.seek(start + header)
            content = file.read(min(size - header, _MOST_INDEX_BYTES))
        yield kind, content
        start += size


def _take_meta(found: IsoFile, parts: dict[bytes, bytes]) -> None:
    if found.items:
        return
    found.stored = parts.get(b"idat", b"")
    found.lists = {kind: parts[kind] for kind in (b"iinf", b"iref") if kind in parts}
    _take_infos(found, parts.get(b"iinf", b""))
    _take_locations(found, parts.get(b"iloc", b""))
    _take_properties(found, parts.get(b"iprp", b""))
    _take_references(found, parts.get(b"iref", b""))
    primary = parts.get(b"pitm", b"")
    if primary:
        found.primary = struct.unpack_from(">H" if primary[0] == 0 else ">I", primary, 4)[0]


def _take_infos(found: IsoFile, data: bytes) -> None:
    if not data:
        return
    start = 6 if data[0] == 0 else 8
    for kind, content in boxes(data[start:]):
        if kind != b"infe" or content[0] < 2:
            continue
        is_wide = content[0] > 2
        (number,) = struct.unpack_from(">I" if is_wide else ">H", content, 4)
        at = 10 if is_wide else 8
        names = content[at + 4 :].split(b"\0")
        item = found.items.setdefault(number, Item())
        item.kind, item.is_hidden = content[at : at + 4], bool(content[3] & 1)
        item.content_type = names[1] if item.kind == b"mime" and len(names) > 1 else b""


def _take_locations(found: IsoFile, data: bytes) -> None:
    """Take the places of the items' content (14496-12, 8.11.3)."""
    if not data:
        return
    version = data[0]
    sizes = [data[4] >> 4, data[4] & 15, data[5] >> 4, data[5] & 15 if version else 0]
    number_bytes = 2 if version < 2 else 4
    at = 6

    def number(size: int) -> int:
        nonlocal at
        if at + size > len(data):
            raise IndexError
        at += size
        return int.from_bytes(data[at - size : at], "big")

    for _ in range(number(number_bytes)):
        item = found.items.setdefault(number(number_bytes), Item())
        item.in_index = bool(version and number(2) & 15)
        number(2)
        base = number(sizes[2])
        extents = []
        for _ in range(number(2)):
            number(sizes[3])
            offset = base + number(sizes[0])
            extents.append((offset, number(sizes[1])))
        item.extents = extents


def _take_properties(found: IsoFile, data: bytes) -> None:
    parts = list(boxes(data))
    properties = next((list(boxes(content)) for kind, content in parts if kind == b"ipco"), [])
    for kind, content in parts:
        if kind != b"ipma":
            continue
        is_wide = bool(content[3] & 1)
        at = 8
        for _ in range(struct.unpack_from(">I", content, 4)[0]):
            (item,) = struct.unpack_from(">H" if content[0] < 1 else ">I", content, at)
            at += 2 if content[0] < 1 else 4
            count, at = content[at], at + 1
            size = 2 if is_wide else 1
            if at + count * size > len(content):
                raise IndexError
            places = [
                int.from_bytes(content[at + n * size : at + (n + 1) * size], "big") for n in range(count)
            ]
            at += count * size
            owned = [place & (0x7FFF if is_wide else 0x7F) for place in places]
            found.items.setdefault(item, Item()).properties += [
                properties[place - 1] for place in owned if 1 <= place <= len(properties)
            ]


def _take_references(found: IsoFile, data: bytes) -> None:
    if not data:
        return
    form = ">H" if data[0] == 0 else ">I"
    step = struct.calcsize(form)
    for kind, content in boxes(data[4:]):
        (source,) = struct.unpack_from(form, content)
        (count,) = struct.unpack_from(">H", content, step)
        targets = [struct.unpack_from(form, content, step + 2 + step * place)[0] for place in range(count)]
        found.items.setdefault(source, Item()).refers.setdefault(kind, []).extend(targets)


def _track(data: bytes) -> Track:
    parts = dict(boxes(data))
    header, media = parts[b"tkhd"], dict(boxes(parts[b"mdia"]))
    at = 40 if header[0] == 0 else 52
    matrix = struct.unpack_from(">9i", header, at)
    width, height = struct.unpack_from(">II", header, at + 36)
    table = dict(boxes(dict(boxes(media[b"minf"]))[b"stbl"]))
    coding, entry = next(boxes(table[b"stsd"][8:]), (b"", b""))
    (samples,) = struct.unpack_from(">I", table.get(b"stsz", bytes(12)), 8)
    return Track(
        handler=media[b"hdlr"][8:12],
        size=(width >> 16, height >> 16),
        is_upright=matrix == _UPRIGHT,
        coding=coding,
        boxes=list(boxes(entry[_SAMPLE_ENTRY_BYTES:])),
        samples=samples,
        start=_first_chunk(table),
        refers=frozenset(kind for kind, _ in boxes(parts.get(b"tref", b""))),
    )


def _first_chunk(table: dict[bytes, bytes]) -> int:
    """Return the offset of a track's first chunk in the file (14496-12, 8.7.5)."""
    form, offsets = (">Q", table[b"co64"]) if b"co64" in table else (">I", table[b"stco"])
    return int(struct.unpack_from(form, offsets, 8)[0])

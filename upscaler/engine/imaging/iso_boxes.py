"""Facts from the boxes of AVIF and HEIC files (ISO/IEC 14496-12 and 23008-12) that their readers leave out."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

# A file's index of its items. Cameras write some ten kilobytes.
_MOST_META_BYTES = 16 << 20
_GAIN_MAP_TYPES = (b"urn:com:apple:photo:2020:aux:hdrgainmap", b"urn:iso:std:iso:ts:21496:-1")


@dataclass(frozen=True)
class IsoFacts:
    """What the boxes say about the primary image.

    Attributes:
        codes: ``ColourPrimaries`` and ``TransferCharacteristics`` (H.273), None where the file names none.
        has_gain_map: whether there is a second image that makes an HDR one of the first.

    """

    codes: tuple[int, int] | None = None
    has_gain_map: bool = False


def read_facts(file: IO[bytes]) -> IsoFacts:
    """Read the facts; a file whose boxes make no sense has none.

    ``file`` may stand anywhere afterwards.
    """
    meta = _meta_of(file)
    try:
        return _facts_of(meta)
    except (struct.error, IndexError, RecursionError):
        return IsoFacts()


def _meta_of(file: IO[bytes]) -> bytes:
    """Return the content of the file's ``meta`` box, without its version and flags; empty where there is none."""
    file.seek(0, 2)
    end, start = file.tell(), 0
    while start + 8 <= end:
        file.seek(start)
        head = file.read(16)
        size, kind = struct.unpack_from(">I4s", head)
        header = 8
        if size == 1 and len(head) == 16:
            (size,), header = struct.unpack_from(">Q", head, 8), 16
        elif size == 0:
            size = end - start
        if size < header:
            return b""
        if kind == b"meta":
            file.seek(start + header + 4)
            return file.read(min(size - header - 4, _MOST_META_BYTES))
        start += size
    return b""


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield type and content of the boxes in ``data``."""
    start = 0
    while start + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, start)
        size = size or len(data) - start
        if size < 8:
            return
        yield kind, data[start + 8 : start + size]
        start += size


def _facts_of(meta: bytes) -> IsoFacts:
    boxes = dict(_boxes(meta))
    properties, associations = [], b""
    for kind, content in _boxes(boxes.get(b"iprp", b"")):
        if kind == b"ipco":
            properties = list(_boxes(content))
        elif kind == b"ipma":
            associations = content
    wanted = _indices_of(associations, _primary_item(boxes.get(b"pitm", b"")))
    codes = None
    for index in wanted:
        if not 1 <= index <= len(properties):
            continue
        kind, content = properties[index - 1]
        if kind == b"colr" and content[:4] == b"nclx":
            primaries, transfer = struct.unpack_from(">HH", content, 4)
            codes = (primaries, transfer)
    has_map = b"tmap" in boxes.get(b"iinf", b"") or any(
        kind == b"auxC" and any(name in content for name in _GAIN_MAP_TYPES) for kind, content in properties
    )
    return IsoFacts(codes, has_map)


def _primary_item(pitm: bytes) -> int:
    if not pitm:
        return 0
    return int(struct.unpack_from(">H" if pitm[0] == 0 else ">I", pitm, 4)[0])


def _indices_of(ipma: bytes, wanted: int) -> list[int]:
    """Return the numbers, from 1, of the properties of an item."""
    if not ipma:
        return []
    version, wide = ipma[0], bool(ipma[3] & 1)
    (count,), at = struct.unpack_from(">I", ipma, 4), 8
    for _ in range(count):
        item = int(struct.unpack_from(">H" if version < 1 else ">I", ipma, at)[0])
        at += 2 if version < 1 else 4
        entries, at = ipma[at], at + 1
        size = 2 if wide else 1
        numbers = [int.from_bytes(ipma[at + n * size : at + (n + 1) * size], "big") for n in range(entries)]
        at += entries * size
        if item == wanted:
            return [number & (0x7FFF if wide else 0x7F) for number in numbers]
    return []

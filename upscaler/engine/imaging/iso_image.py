"""The image that an AVIF or HEIC file shows, by the properties of its primary item or of its first track."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from upscaler.engine.imaging import av1_header, hevc_header
from upscaler.engine.imaging.cicp import CodePoints
from upscaler.engine.imaging.iso_boxes import Box, IsoFile, Item, Track, read_boxes
from upscaler.errors import DamagedImage

TRACK = b"trak"
DERIVED = frozenset({b"grid", b"iovl", b"iden"})
_GAIN_MAPS = (b"urn:com:apple:photo:2020:aux:hdrgainmap", b"urn:iso:std:iso:ts:21496:-1")
_ALPHAS = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1")
_NOT_IMAGES = frozenset({b"Exif", b"mime", b"uri ", b"tmap", b""})
_XMP = b"application/rdf+xml"
# Metadata that is read, and how much of a stream its header lies within.
_MOST_EXIF_BYTES, _STREAM_BYTES = 1 << 20, 1 << 16
_UNSPECIFIED = 2


@dataclass(frozen=True)
class IsoImage:
    """Facts about an image.

    Attributes:
        kind: type of its item: a codec's, or that of an image made of others; ``TRACK`` for a sequence.
        coding: type of the coded images that it is made of.
        size: width and height in pixels before ``transforms``.
        transforms: type and content of the properties that crop, turn and reflect it, in their order.
        depth: bits per channel.
        is_gray: whether there is no colour.
        has_alpha: whether there is transparency.
        is_premultiplied: whether colours are multiplied by their opacity.
        has_narrow_alpha: whether opacity is coded by AV1 and not known to be in the full range, as it has to be (AVIF,
            4.1): readers disagree on what it means.
        codes: its colours by code points, those of the container before those of the stream; None without any.
        icc: ICC profile, None without one.
        is_square: whether pixels are as wide as they are high.
        frames: how many images the file shows.
        has_gain_map: whether there is a second image that makes an HDR one of the first.
        exif: EXIF data, empty without any.
        has_xmp: whether there is an XMP packet.
        items: how many items the file has.
        lists: the content of the boxes that list items and references, by their type.

    """

    kind: bytes
    coding: bytes
    size: tuple[int, int]
    transforms: tuple[Box, ...]
    depth: int
    is_gray: bool
    has_alpha: bool
    is_premultiplied: bool
    has_narrow_alpha: bool
    codes: CodePoints | None
    icc: bytes | None
    is_square: bool
    frames: int
    has_gain_map: bool
    exif: bytes
    has_xmp: bool
    items: int
    lists: dict[bytes, bytes]


def read_image(file: IO[bytes]) -> IsoImage:
    """Read the facts; the file may stand anywhere afterwards.

    Raises:
        DamagedImage: there is no image, or its index makes no sense.

    """
    index = read_boxes(file)
    try:
        if index.tracks and (index.brand == b"avis" or index.primary not in index.items):
            return _of_track(index, file)
        if index.primary in index.items:
            return _of_item(index, file)
    except (struct.error, IndexError) as error:
        raise DamagedImage from error
    raise DamagedImage


def _of_item(index: IsoFile, file: IO[bytes]) -> IsoImage:
    primary = index.items[index.primary]
    coded = _first_coded(index, primary)
    size = _content(primary.properties, b"ispe")
    if size is None:
        raise DamagedImage
    parts = {index.primary, *primary.refers.get(b"dimg", ())}
    # What belongs to a tile belongs to the image: some writers describe each tile by itself.
    described = [*primary.properties, *coded.properties]
    depth, is_gray, codes = _of_stream(coded.kind, described, index.content(file, coded, _STREAM_BYTES))
    width, height = struct.unpack_from(">II", size, 4)
    alphas = [
        item
        for item in index.items.values()
        if _is_auxiliary(item, _ALPHAS) and parts.intersection(item.refers.get(b"auxl", ()))
    ]
    return IsoImage(
        kind=primary.kind,
        coding=coded.kind,
        size=(width, height),
        transforms=tuple(box for box in primary.properties if box[0] in (b"clap", b"irot", b"imir")),
        depth=depth,
        is_gray=is_gray,
        has_alpha=bool(alphas),
        is_premultiplied=b"prem" in primary.refers or b"prem" in coded.refers,
        has_narrow_alpha=any(
            _is_narrow(item.kind, item.properties, index.content(file, item, _STREAM_BYTES))
            for item in (_first_coded(index, alpha) for alpha in alphas)
        ),
        codes=codes,
        icc=_profile(described),
        is_square=_is_square(described),
        frames=_shown(index),
        has_gain_map=any(
            item.kind == b"tmap" or _is_auxiliary(item, _GAIN_MAPS) for item in index.items.values()
        ),
        exif=_exif(index, file),
        has_xmp=any(item.content_type == _XMP for item in index.items.values()),
        items=len(index.items),
        lists=index.lists,
    )


def _of_track(index: IsoFile, file: IO[bytes]) -> IsoImage:
    tracks = [track for track in index.tracks if track.handler == b"pict"]
    if not tracks:
        raise DamagedImage
    track: Track = tracks[0]
    described = track.boxes
    depth, is_gray, codes = _of_stream(track.coding, described, _beginning(file, track))
    alphas = [other for other in index.tracks if other.handler == b"auxv"]
    return IsoImage(
        kind=TRACK,
        coding=track.coding,
        size=track.size,
        transforms=() if track.is_upright else ((b"tkhd", b""),),
        depth=depth,
        is_gray=is_gray,
        has_alpha=bool(alphas),
        is_premultiplied=b"prem" in track.refers,
        has_narrow_alpha=any(
            _is_narrow(alpha.coding, alpha.boxes, _beginning(file, alpha)) for alpha in alphas
        ),
        codes=codes,
        icc=_profile(described),
        is_square=_is_square(described),
        frames=max(1, track.samples),
        has_gain_map=False,
        exif=b"",
        has_xmp=False,
        items=0,
        lists={},
    )


def _beginning(file: IO[bytes], track: Track) -> bytes:
    file.seek(track.start)
    return file.read(_STREAM_BYTES)


def _first_coded(index: IsoFile, primary: Item) -> Item:
    """Return the item itself, or the first one that it is made of."""
    item = primary
    # An item that is made of itself is made of nothing.
    for _ in index.items:
        if item.kind not in DERIVED:
            break
        sources = item.refers.get(b"dimg", [])
        if not sources or sources[0] not in index.items:
            raise DamagedImage
        item = index.items[sources[0]]
    if item.kind in DERIVED:
        raise DamagedImage
    return item


def _content(properties: Sequence[Box], kind: bytes) -> bytes | None:
    return next((content for name, content in properties if name == kind), None)


def _of_stream(coding: bytes, described: Sequence[Box], stream: bytes) -> tuple[int, bool, CodePoints | None]:
    """Return bits per channel, whether there is no colour, and the code points."""
    stated = next(
        (content for kind, content in described if kind == b"colr" and content[:4] == b"nclx"), None
    )
    codes = None
    if stated is not None:
        primaries, transfer, matrix, flags = struct.unpack_from(">HHHB", stated, 4)
        codes = CodePoints(primaries, transfer, matrix, is_full=bool(flags & 0x80))
    if coding == b"av01":
        configuration = _content(described, b"av1C") or b""
        if len(configuration) < 4:
            raise DamagedImage
        flags = configuration[2]
        depth = 8 if not flags & 0x40 else 12 if flags & 0x20 else 10
        return depth, bool(flags & 0x10), codes or _own_of_av1(described, stream)
    configuration = _content(described, b"hvcC") or b""
    if coding != b"hvc1":
        return 8, False, codes
    if len(configuration) < 23:
        raise DamagedImage
    own = hevc_header.read_colours(configuration)
    return 8 + (configuration[17] & 7), configuration[16] & 3 == 0, codes or own


def _own_of_av1(described: Sequence[Box], stream: bytes) -> CodePoints | None:
    """Return the code points that a stream itself has."""
    configuration = _content(described, b"av1C") or b""
    return av1_header.read_colours(configuration[4:]) or av1_header.read_colours(stream)


def _is_narrow(coding: bytes, described: Sequence[Box], stream: bytes) -> bool:
    own = _own_of_av1(described, stream)
    return coding == b"av01" and (own is None or not own.is_full)


def _profile(described: Sequence[Box]) -> bytes | None:
    return next(
        (content[4:] for kind, content in described if kind == b"colr" and content[:4] in (b"prof", b"rICC")),
        None,
    )


def _is_square(described: Sequence[Box]) -> bool:
    shape = _content(described, b"pasp")
    if shape is None:
        return True
    across, down = struct.unpack_from(">II", shape)
    return bool(across == down)


def _is_auxiliary(item: Item, names: Sequence[bytes]) -> bool:
    kind = _content(item.properties, b"auxC")
    return kind is not None and any(kind[4:].startswith(name) for name in names)


def _shown(index: IsoFile) -> int:
    """Return how many images are to be shown by themselves."""
    parts = {number for item in index.items.values() for number in item.refers.get(b"dimg", ())}
    count = sum(
        item.kind not in _NOT_IMAGES
        and not item.is_hidden
        and number not in parts
        and not {b"thmb", b"auxl"}.intersection(item.refers)
        for number, item in index.items.items()
    )
    return max(1, count)


def _exif(index: IsoFile, file: IO[bytes]) -> bytes:
    """Return the EXIF data of the image (23008-12, A.2.1): behind the offset of its header."""
    for item in index.items.values():
        if item.kind == b"Exif" and index.primary in item.refers.get(b"cdsc", [index.primary]):
            content = index.content(file, item, _MOST_EXIF_BYTES)
            if len(content) > 4:
                (offset,) = struct.unpack_from(">I", content)
                return content[4 + offset :]
    return b""

"""AVIF and HEIC files: boxes by hand after ISO/IEC 14496-12 and 23008-12, coded images by libavif and libheif."""

from __future__ import annotations

import io
import itertools
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import imagecodecs
import numpy as np
import pillow_heif

ALPHA = b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0"
HEVC_ALPHA = b"urn:mpeg:hevc:2015:auxid:1\0"
APPLE_GAIN_MAP = b"urn:com:apple:photo:2020:aux:hdrgainmap\0"
HIDDEN = 1


def box(kind: bytes, *parts: bytes) -> bytes:
    """Return a box."""
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), kind) + content


def full_box(kind: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    """Return a box with version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


@dataclass
class Item:
    """One item of a file.

    Attributes:
        kind: its type.
        data: its content.
        properties: boxes that describe it; those at the beginning with "!" are essential.
        refers: what it refers to: type of the reference and numbers of items, from 1.
        flags: 1 for an item that is not to be shown by itself.
        extra: what follows its type in the list of items.

    """

    kind: bytes
    data: bytes = b""
    properties: list[bytes] = field(default_factory=list)
    refers: list[tuple[bytes, list[int]]] = field(default_factory=list)
    flags: int = 0
    extra: bytes = b""


@dataclass(frozen=True)
class Coded:
    """A coded image: the type of its item, its configuration as a box, its data and its size."""

    kind: bytes
    configuration: bytes
    data: bytes
    size: tuple[int, int]

    def item(self, *properties: bytes, **more: object) -> Item:
        """Return an item of it, with its size and configuration before further properties."""
        described = [ispe(*self.size), self.configuration, *properties]
        return Item(self.kind, self.data, described, **more)  # type: ignore[arg-type]


def ispe(width: int, height: int) -> bytes:
    """Return the size in pixels."""
    return full_box(b"ispe", struct.pack(">II", width, height))


def pixi(*bits: int) -> bytes:
    """Return the bits of each channel."""
    return full_box(b"pixi", bytes([len(bits), *bits]))


def nclx(primaries: int, transfer: int, matrix: int, *, full: bool = True) -> bytes:
    """Return colours by code points."""
    return box(b"colr", b"nclx", struct.pack(">HHHB", primaries, transfer, matrix, 0x80 if full else 0))


def icc(profile: bytes, kind: bytes = b"prof") -> bytes:
    """Return colours by a profile."""
    return box(b"colr", kind, profile)


def irot(quarters: int) -> bytes:
    """Return a turn to the left by quarters."""
    return box(b"irot", bytes([quarters]))


def imir(axis: int) -> bytes:
    """Return a reflection: 0 top to bottom, 1 left to right."""
    return box(b"imir", bytes([axis]))


def clap(width: int, height: int, shift: tuple[tuple[int, int], tuple[int, int]]) -> bytes:
    """Return a crop: its size, and fractions for how far its centre lies from that of the image."""
    return box(b"clap", struct.pack(">IIIIiIiI", width, 1, height, 1, *shift[0], *shift[1]))


def pasp(across: int, down: int) -> bytes:
    """Return the shape of a pixel."""
    return box(b"pasp", struct.pack(">II", across, down))


def auxc(kind: bytes) -> bytes:
    """Return what an auxiliary image is."""
    return full_box(b"auxC", kind)


def grid(rows: int, columns: int, size: tuple[int, int]) -> bytes:
    """Return the content of an item made of tiles."""
    return bytes([0, 0, rows - 1, columns - 1]) + struct.pack(">HH", *size)


def overlay(
    size: tuple[int, int], places: Sequence[tuple[int, int]], fill: tuple[int, int, int, int]
) -> bytes:
    """Return the content of an item made of images on a ground of 16-bit red, green, blue and opacity."""
    return (
        bytes([0, 0])
        + struct.pack(">4H", *fill)
        + struct.pack(">HH", *size)
        + b"".join(struct.pack(">hh", *place) for place in places)
    )


def join(
    items: Sequence[Item],
    brands: Sequence[bytes],
    *,
    primary: int = 1,
    groups: bytes = b"",
    behind: bytes = b"",
) -> bytes:
    """Return a file of these items, numbered from 1.

    Args:
        items: in their order.
        brands: the main one first.
        primary: number of the one that is shown.
        groups: content of a box of groups of items.
        behind: what follows.

    """
    start = box(b"ftyp", brands[0], bytes(4), *brands)
    place = len(start) + len(_meta(items, primary, groups, 0)) + 8
    data = box(b"mdat", *(item.data for item in items))
    return start + _meta(items, primary, groups, place) + data + behind


def _meta(items: Sequence[Item], primary: int, groups: bytes, place: int) -> bytes:
    entries, infos, references, owned, associations = b"", [], [], [], b""
    for number, item in enumerate(items, 1):
        entries += struct.pack(">HHHII", number, 0, 1, place, len(item.data))
        place += len(item.data)
        infos.append(
            full_box(
                b"infe",
                struct.pack(">HH4s", number, 0, item.kind),
                b"\0",
                item.extra,
                version=2,
                flags=item.flags,
            )
        )
        references += [
            box(kind, struct.pack(f">HH{len(targets)}H", number, len(targets), *targets))
            for kind, targets in item.refers
        ]
        numbers = []
        for description in item.properties:
            if description not in owned:
                owned.append(description)
            is_essential = description[4:8] in (b"av1C", b"hvcC", b"irot", b"imir", b"clap")
            numbers.append(owned.index(description) + 1 | (0x8000 if is_essential else 0))
        associations += struct.pack(f">HB{len(numbers)}H", number, len(numbers), *numbers)
    return full_box(
        b"meta",
        full_box(b"hdlr", bytes(4), b"pict", bytes(13)),
        full_box(b"pitm", struct.pack(">H", primary)),
        full_box(b"iloc", b"\x44\0", struct.pack(">H", len(items)), entries),
        full_box(b"iinf", struct.pack(">H", len(items)), *infos),
        *([full_box(b"iref", *references)] if references else []),
        box(
            b"iprp",
            box(b"ipco", *owned),
            full_box(b"ipma", struct.pack(">I", len(items)), associations, flags=1),
        ),
        groups,
    )


def avif_image(pixels: np.ndarray, bits: int = 8, layout: int = 444, **options: object) -> Coded:
    """Return an AV1 image: without loss and with the matrix 0 where ``layout`` is 444, nearly so with less colour.

    Args:
        pixels: uint8 or uint16 (H, W) or (H, W, 3), of ``bits`` bits.
        bits: 8, 10 or 12.
        layout: 420, 422 or 444.
        options: of ``imagecodecs.avif_encode``.

    """
    level = 100 if layout == 444 else 99
    form = {444: 1, 422: 2, 420: 3}[layout]
    content = imagecodecs.avif_encode(
        pixels, level=level, speed=8, bitspersample=bits, pixelformat=form, codec="aom", **options
    )
    return avif_content(bytes(content))


def avif_content(content: bytes) -> Coded:
    """Return the coded image of a file that another program wrote."""
    return _first_image(content, b"av01", b"av1C")


def heic_image(pixels: np.ndarray, bits: int = 8, layout: int = 444, **options: object) -> Coded:
    """Return an HEVC image, with sides that are multiples of 64; arguments as of ``avif_image``.

    ``options`` are of pillow_heif's ``save``; without any, ``layout`` 444 has the matrix 0.
    """
    options = options or {"matrix_coefficients": 0 if layout == 444 else 6, "full_range_flag": 1}
    modes = {(2, 8): "L", (3, 8): "RGB", (2, 16): "I;16", (3, 16): "RGB;16"}
    mode = modes[pixels.ndim, 8 if pixels.dtype == np.uint8 else 16]
    size = (pixels.shape[1], pixels.shape[0])
    data = pixels if pixels.dtype == np.uint8 else pixels << (16 - bits)
    buffer = io.BytesIO()
    previous = pillow_heif.options.SAVE_HDR_TO_12_BIT
    pillow_heif.options.SAVE_HDR_TO_12_BIT = bits == 12
    try:
        pillow_heif.from_bytes(mode, size, data.tobytes()).save(buffer, quality=-1, chroma=layout, **options)
    finally:
        pillow_heif.options.SAVE_HDR_TO_12_BIT = previous
    return _first_image(buffer.getvalue(), b"hvc1", b"hvcC")


def _first_image(content: bytes, kind: bytes, configuration: bytes) -> Coded:
    """Return the one coded image of a file as these libraries write it."""
    at = content.index(configuration) - 4
    described = content[at : at + struct.unpack_from(">I", content, at)[0]]
    sizes = content.index(b"ispe") + 8
    size = struct.unpack_from(">II", content, sizes)
    data = content[content.index(b"mdat") + 4 :]
    return Coded(kind, described, data, (size[0], size[1]))


def scene(bits: int = 8, side: int = 64) -> np.ndarray:
    """Return whole numbers of ``bits`` bits (H, W, 3): smooth colours with edges."""
    y, x = np.mgrid[0:side, 0:side] / 64
    waves = 0.5 + 0.4 * np.sin(10 * x) * np.cos(12 * y)
    colours = np.stack([0.15 + 0.7 * x % 1, 0.2 + 0.7 * y % 1, waves], -1).clip(0, 1)
    colours[10:20, 30:50] = (0.8, 0.2, 0.1)
    return np.rint(colours * ((1 << bits) - 1)).astype(np.uint8 if bits == 8 else np.uint16)


def planes(bits: int) -> np.ndarray:
    """Return flat blocks (64, 64, 3) of luma and of two colour differences, within the narrow range of any matrix."""
    values = np.random.default_rng(bits).integers(int(0.3 * 2**bits), int(0.65 * 2**bits), (8, 8, 3))
    return np.kron(values, np.ones((8, 8, 1), int)).astype(np.uint8 if bits == 8 else np.uint16)


def as_identity(stored: np.ndarray) -> np.ndarray:
    """Return the red, green and blue that the matrix 0 stores as these three planes: green, blue, red."""
    return np.dstack([stored[..., 2], stored[..., 0], stored[..., 1]])


# Weights of red and blue by matrix (H.273, table 4); 2 is unspecified, 12 takes those of the primaries, BT.709 here.
_WEIGHTS = {
    1: (0.2126, 0.0722),
    2: (0.299, 0.114),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
    12: (0.2126, 0.0722),
}


def colours_of(stored: np.ndarray, matrix: int, bits: int, *, full: bool) -> np.ndarray:
    """Return the fractions of red, green and blue (H, W, 3) that planes mean (H.273, 8.3)."""
    top, step = (1 << bits) - 1, 1 << (bits - 8)
    numbers = stored.astype(float)

    def light(values: np.ndarray) -> np.ndarray:
        return values / top if full else (values - 16 * step) / (219 * step)

    if matrix == 0:
        green, blue, red = (light(numbers[..., n]) for n in range(3))
        return np.dstack([red, green, blue]).clip(0, 1)
    y = light(numbers[..., 0])
    u, v = ((numbers[..., n] - 128 * step) / (top if full else 224 * step) for n in (1, 2))
    if matrix == 8:
        return np.dstack([y - u + v, y + u, y - u - v]).clip(0, 1)
    red_weight, blue_weight = _WEIGHTS[matrix]
    red, blue = y + 2 * (1 - red_weight) * v, y + 2 * (1 - blue_weight) * u
    green = (y - red_weight * red - blue_weight * blue) / (1 - red_weight - blue_weight)
    return np.dstack([red, green, blue]).clip(0, 1)


def avif_cases() -> Iterator[tuple[str, bytes]]:
    """Yield names and files of every layout that browsers convert exactly."""
    brands = [b"avif", b"mif1", b"miaf"]
    for bits, matrix, full in itertools.product((8, 10, 12), (0, 1, 2, 4, 5, 6, 7, 8, 9), (True, False)):
        # In the narrow range, browsers' fast conversions are up to 7 levels off for the other matrices.
        if full or matrix in (0, 4, 7) or (bits == 8 and matrix in (2, 5, 6)):
            coded = avif_image(as_identity(planes(bits)), bits)
            item = coded.item(pixi(bits, bits, bits), nclx(1, 13, matrix, full=full))
            yield f"{bits} bits, matrix {matrix}, full {full}", join([item], brands)
    for quarters, axis in itertools.product(range(4), (None, 0, 1)):
        turns = [irot(quarters)] + ([] if axis is None else [imir(axis)])
        item = avif_image(scene()).item(pixi(8, 8, 8), nclx(1, 13, 0), *turns)
        yield f"turned by {quarters}, axis {axis}", join([item], brands)
    for primaries, transfer in ((12, 13), (9, 1), (1, 4), (5, 6), (1, 8)):
        item = avif_image(scene()).item(pixi(8, 8, 8), nclx(primaries, transfer, 0))
        yield f"colours {primaries}/{transfer}", join([item], brands)
    # This browser spreads opacity as if it were in the narrow range of video; where it is all or nothing, it is right.
    alpha = np.where(np.arange(64) < 20, 0, 255).astype(np.uint8)[np.newaxis].repeat(64, axis=0)
    main = avif_image(scene()).item(pixi(8, 8, 8), nclx(1, 13, 0))
    opacity = avif_image(alpha).item(pixi(8), auxc(ALPHA), refers=[(b"auxl", [1])], flags=HIDDEN)
    yield "transparent", join([main, opacity], brands)
    whole = scene(side=128)
    tiles = [
        avif_image(whole[y : y + 64, x : x + 64]).item(pixi(8, 8, 8), nclx(1, 13, 0), flags=HIDDEN)
        for y, x in itertools.product((0, 64), (0, 64))
    ]
    described = [ispe(120, 100), pixi(8, 8, 8), nclx(1, 13, 0)]
    main = Item(b"grid", grid(2, 2, (120, 100)), described, [(b"dimg", [2, 3, 4, 5])])
    yield "tiles", join([main, *tiles], brands)

"""The headers of BMP files: those of Windows (wingdi.h, versions 2 to 5) and of OS/2 (versions 1 and 2)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import IO

from upscaler.errors import DamagedImage, UnsupportedLayout

_FILE_HEADER = 14
_OS2_1 = 12
_WINDOWS = frozenset({40, 52, 56, 108, 124})
# The second header of OS/2 may be cut off behind any of its fields.
_OS2_2 = frozenset({*range(16, 65, 4), 42, 46}) - _WINDOWS
HEADER_SIZES = (_OS2_1, *sorted(_WINDOWS | _OS2_2))
_WITH_ALPHA_MASK = (56, 108, 124)
_LONGEST = 124

RGB, RLE8, RLE4, BITFIELDS, ALPHABITFIELDS, RLE24 = 0, 1, 2, 3, 6, 24
_NAMES = {4: "embedded JPEG", 5: "embedded PNG", 11: "CMYK", 12: "CMYK", 13: "CMYK"}
_DEPTHS = {
    RGB: (1, 2, 4, 8, 16, 24, 32),
    RLE8: (8,),
    RLE4: (4,),
    RLE24: (24,),
    BITFIELDS: (16, 24, 32),
    ALPHABITFIELDS: (16, 24, 32),
}
_KNOWN_DEPTHS = (0, 1, 2, 4, 8, 16, 24, 32, 64)
_USUAL_MASKS = {16: (0x7C00, 0x3E0, 0x1F, 0)}
_BYTE_MASKS = (0xFF0000, 0xFF00, 0xFF, 0)
_METRES_PER_INCH = 0.0254

SRGB, WINDOWS_COLOURS, EMBEDDED, LINKED, CALIBRATED = 0x73524742, 0x57696E20, 0x4D424544, 0x4C494E4B, 0


@dataclass(frozen=True)
class BmpColours:
    """What a header of version 4 or 5 says about colours.

    Attributes:
        kind: one of the constants above, or a number that they leave out.
        endpoints: three numbers for each of red, green and blue.
        gammas: exponent of each channel.
        profile: offset in the file and length in bytes of an embedded profile.

    """

    kind: int
    endpoints: tuple[float, ...]
    gammas: tuple[float, ...]
    profile: tuple[int, int]


@dataclass(frozen=True)
class BmpHeader:
    """Facts from the headers of a file.

    Attributes:
        width: pixels from left to right.
        height: pixels from top to bottom.
        top_down: whether the first row comes first.
        bits: per pixel.
        compression: one of the constants above.
        masks: bits of red, green, blue and alpha in a pixel of 16 bits or more; 0 for a channel that is missing.
        palette: colours (red, green, blue) as the file has them, for pixels of 8 bits or fewer.
        pixels_at: offset of the pixels in the file.
        dpi: resolution in dots per inch, None where the file has none.
        colours: None where the header does not describe them.

    """

    width: int
    height: int
    top_down: bool
    bits: int
    compression: int
    masks: tuple[int, int, int, int]
    palette: tuple[tuple[int, int, int], ...]
    pixels_at: int
    dpi: tuple[float, float] | None
    colours: BmpColours | None

    @property
    def row_bytes(self) -> int:
        """Length of an uncompressed row, without what fills it up to whole words."""
        return (self.width * self.bits + 7) // 8

    @property
    def stride(self) -> int:
        """Bytes from one uncompressed row to the next."""
        return (self.width * self.bits + 31) // 32 * 4


def read_header(file: IO[bytes]) -> BmpHeader:
    """Read the headers of a file at its beginning.

    Raises:
        DamagedImage: they make no sense.
        UnsupportedLayout: the pixels are stored in a way that is not supported.

    """
    head = file.read(_FILE_HEADER + 4)
    if len(head) < _FILE_HEADER + 4:
        raise DamagedImage
    pixels_at, size = struct.unpack_from("<II", head, 10)
    if size not in HEADER_SIZES:
        raise DamagedImage
    stored = file.read(size - 4)
    if len(stored) < size - 4:
        raise DamagedImage
    # Fields that a header lacks are 0.
    header = (struct.pack("<I", size) + stored).ljust(_LONGEST, b"\0")
    width, height, bits, compression, density, colours_used = _fields(header, size)
    is_os2 = size == _OS2_1 or size in _OS2_2
    if width <= 0 or height == 0:
        raise DamagedImage
    compression = _compression(compression, bits, is_os2=is_os2)
    masks, mask_bytes = _masks(file, header, size, bits, compression)
    palette_at = _FILE_HEADER + size + mask_bytes
    if not pixels_at or (pixels_at == palette_at and bits <= 8):
        # Some writers name the place where the header ends; a table without a colour would make no sense.
        pixels_at = palette_at + _table_bytes(size, bits, colours_used)
    if pixels_at < palette_at:
        raise DamagedImage
    return BmpHeader(
        width=width,
        height=abs(height),
        top_down=height < 0,
        bits=bits,
        compression=compression,
        masks=masks,
        palette=_palette(file, palette_at, pixels_at, size, bits, colours_used) if bits <= 8 else (),
        pixels_at=pixels_at,
        dpi=(density[0] * _METRES_PER_INCH, density[1] * _METRES_PER_INCH) if all(density) else None,
        colours=_colours(header) if size >= 108 else None,
    )


def _fields(header: bytes, size: int) -> tuple[int, int, int, int, tuple[int, int], int]:
    """Return width, height, bits, compression, pixels per metre, and the number of colours in the table."""
    if size == _OS2_1:
        width, height, _, bits = struct.unpack_from("<4H", header, 4)
        return width, height, bits, RGB, (0, 0), 0
    width, height, _, bits, compression, _, across, down, colours = struct.unpack_from(
        "<iiHHIIiiI", header, 4
    )
    return width, height, bits, compression, (max(across, 0), max(down, 0)), colours


def _compression(compression: int, bits: int, *, is_os2: bool) -> int:
    if is_os2 and compression == 4:
        compression = RLE24
    if compression == BITFIELDS and bits == 1:
        raise UnsupportedLayout(kind="BMP", layout="Huffman coding")
    if compression not in _DEPTHS:
        raise UnsupportedLayout(kind="BMP", layout=_NAMES.get(compression, f"compression {compression}"))
    if is_os2 and compression in (BITFIELDS, ALPHABITFIELDS):
        raise UnsupportedLayout(kind="BMP", layout="bit fields in a file of OS/2")
    if bits not in _DEPTHS[compression]:
        if bits not in _KNOWN_DEPTHS:
            raise DamagedImage
        raise UnsupportedLayout(kind="BMP", layout=f"{bits} bits per pixel, compression {compression}")
    return compression


def _masks(
    file: IO[bytes], header: bytes, size: int, bits: int, compression: int
) -> tuple[tuple[int, int, int, int], int]:
    """Return the masks of the channels, and how many bytes they take behind the header."""
    if bits <= 8:
        return (0, 0, 0, 0), 0
    in_header = struct.unpack_from("<4I", header, 40)
    behind = 0
    masks: tuple[int, ...]
    if compression in (BITFIELDS, ALPHABITFIELDS):
        masks = in_header if size in _WITH_ALPHA_MASK else (*in_header[:3], 0)
        if size == 40:
            behind = 16 if compression == ALPHABITFIELDS else 12
            stored = file.read(behind)
            if len(stored) < behind:
                raise DamagedImage
            masks = struct.unpack("<4I", stored.ljust(16, b"\0"))
    else:
        usual = _USUAL_MASKS.get(bits, _BYTE_MASKS)
        # Of the masks in a header, only that of alpha counts here, as in browsers.
        masks = (*usual[:3], in_header[3] if size in _WITH_ALPHA_MASK else 0)
    # Some headers name an alpha channel in bits that the pixels do not have.
    masks = tuple(mask & ((1 << bits) - 1) for mask in masks)
    _check_masks(masks)
    return (masks[0], masks[1], masks[2], masks[3]), behind


def _check_masks(masks: tuple[int, ...]) -> None:
    taken = 0
    for mask in masks:
        run = mask // (mask & -mask) if mask else 0
        if mask & taken or run & (run + 1):
            raise UnsupportedLayout(kind="BMP", layout="bit fields that overlap or have gaps")
        if run.bit_length() > 16:
            raise UnsupportedLayout(kind="BMP", layout=f"{run.bit_length()} bits per channel")
        taken |= mask
    if not any(masks[:3]):
        raise UnsupportedLayout(kind="BMP", layout="bit fields without colour")


def _table_bytes(size: int, bits: int, colours_used: int) -> int:
    entry = 3 if size == _OS2_1 else 4
    if bits > 8:
        return colours_used * entry
    return min(colours_used or 1 << bits, 1 << bits) * entry


def _palette(
    file: IO[bytes], start: int, end: int, size: int, bits: int, colours_used: int
) -> tuple[tuple[int, int, int], ...]:
    """Return the colours of the table, fewer than announced where the pixels begin before its end."""
    entry = 3 if size == _OS2_1 else 4
    file.seek(start)
    stored = file.read(min(_table_bytes(size, bits, colours_used), end - start))
    places = range(0, len(stored) - entry + 1, entry)
    return tuple((stored[at + 2], stored[at + 1], stored[at]) for at in places)


def _colours(header: bytes) -> BmpColours:
    kind, *numbers = struct.unpack_from("<I9i3I", header, 56)
    offset, length = struct.unpack_from("<II", header, 112)
    return BmpColours(
        kind,
        tuple(number / (1 << 30) for number in numbers[:9]),
        tuple(number / (1 << 16) for number in numbers[9:]),
        (_FILE_HEADER + offset, length),
    )

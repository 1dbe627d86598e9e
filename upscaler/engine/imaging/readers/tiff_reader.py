"""TIFF files, each layout by the reader that is proven right for it (``tiff_layout.PROVEN``)."""

from __future__ import annotations

import logging
import struct
from contextlib import suppress
from typing import IO, Any

import numpy as np
from PIL import Image

from upscaler.engine.imaging import complexity
from upscaler.engine.imaging.image import Pixels, as_8_bits, white_of
from upscaler.engine.imaging.image_format import ImageFormat
from upscaler.engine.imaging.orientation import as_stored, valid_orientation
from upscaler.engine.imaging.readers.base import ColourTag, OpenedImage
from upscaler.engine.imaging.readers.pillow_reader import samples_of
from upscaler.engine.imaging.resolution import dpi_of_tags
from upscaler.engine.imaging.samples import Samples, by_rows, to_alpha_free, to_levels
from upscaler.engine.imaging.tiff_layout import Alpha, TiffLayout, TiffReader, proven_reader
from upscaler.engine.notes import Note
from upscaler.errors import DamagedImage, UnsupportedLayout

_REDUCED, _MASK = 1, 4
# Pages of which one is the image; there may be a million.
_LOOKED_AT = 32
_XMP, _ICC, _EXIF, _COLOR_MAP, _SUB_IFDS, _DNG_VERSION = 700, 34675, 34665, 320, 330, 50706
_X_RESOLUTION, _Y_RESOLUTION, _UNIT, _ORIENTATION = 282, 283, 296, 274
_ALPHA_MODES = {"gray": "LA", "rgb": "RGBA"}
_MODES = {"gray": "L", "rgb": "RGB", "cmyk": "CMYK", "lab": "LAB"}
_UNCOMPRESSED = 1
# Tags from width to YCbCrPositioning, of which pixels depend, without texts, thresholds and print resolution.
_OF_PIXELS = frozenset(
    {*range(256, 263), 266, 273, *range(277, 280), 284, 317, *range(320, 326), 332, 338, 339, 347, 530}
)
_MOST_ENTRIES = 4096


class TiffImage(OpenedImage):
    """A TIFF file; arguments as of ``PillowImage``.

    The image is the first one that is no smaller copy and no mask.
    """

    def __init__(self, file: IO[bytes], kind: ImageFormat) -> None:
        import tifffile  # noqa: PLC0415 - few files need it

        # What it finds odd is of no use to operators: files that cannot be read are refused.
        logging.getLogger("tifffile").setLevel(logging.CRITICAL + 1)
        self._file = file
        self._kind = kind
        self._tiff = tifffile.TiffFile(file)
        complexity.check(len(self._tiff.pages), complexity.MOST_IMAGES)
        pages = [page.aspage() for page in self._tiff.pages[:_LOOKED_AT]]
        wanted = [page for page in pages if not page.subfiletype & (_REDUCED | _MASK)] or pages[:1]
        self._page: Any = wanted[0]
        self._number = pages.index(self._page)
        self.frames = len(self._tiff.pages) - len(pages) + len(wanted)
        _check_directory(self._tiff, self._page)
        self.layout = _layout_of(self._page)
        reader = proven_reader(self.layout)
        if reader is None:
            raise UnsupportedLayout(kind=kind.label, layout=self.layout.description)
        if _DNG_VERSION in pages[0].tags or _has_larger_image(self._page):
            raise UnsupportedLayout(kind=kind.label, layout="camera raw")
        complexity.check(_tile_bytes(self._page), complexity.MOST_TILE_BYTES)
        self._reader = reader
        self.size = (int(self._page.imagewidth), int(self._page.imagelength))
        self.bit_depth = self.layout.depth
        self.has_alpha = self.layout.alpha is not Alpha.NONE
        self.mode = "P" if self.layout.is_palette else _MODES[self.layout.space]
        if self.has_alpha:
            self.mode = _ALPHA_MODES.get(self.layout.space, self.mode)
        self.orientation = valid_orientation(self._value(_ORIENTATION))
        self.dpi = dpi_of_tags(*(self._value(tag) for tag in (_UNIT, _X_RESOLUTION, _Y_RESOLUTION)))
        names = {"exif": _EXIF, "xmp": _XMP}
        self.metadata = tuple(name for name, tag in names.items() if tag in self._page.tags)

    def load(self) -> None:
        """Decode the image to its end."""
        self._stored()

    def samples(self) -> Samples:
        """Decode the image."""
        if self._reader is TiffReader.LIBTIFF:
            # Pillow turns the image; the orientation is applied for all formats in one place.
            return samples_of(self._by_libtiff()).mapped(lambda pixels: as_stored(pixels, self.orientation))
        stored = self._stored()
        notes: list[Note] = []
        layout = self.layout
        if layout.is_palette:
            return Samples(self._by_palette(stored[..., 0]), "rgb")
        levels = self._fractions(stored, notes) if layout.is_float else to_levels(stored, layout.depth)
        colour = levels[..., : layout.colours]
        alpha = None if layout.alpha is Alpha.NONE else levels[..., layout.alpha_channel]
        if alpha is not None and layout.alpha is Alpha.PREMULTIPLIED:
            colour = to_alpha_free(colour, alpha)
        if layout.is_negative:
            colour = colour.dtype.type(white_of(colour)) - colour
        if layout.is_signed_lab:
            colour = _with_offset(colour)
        removed = layout.extra - (alpha is not None)
        if removed:
            notes.append(Note("channels_removed", {"count": removed}))
        return Samples(colour, layout.space, alpha, notes)

    def exif(self) -> Image.Exif:
        """Return the EXIF data."""
        exif = Image.Exif()
        # Odd values in metadata do not concern the pixels.
        with suppress(Exception):
            exif.endian = self._tiff.byteorder
            exif.load_from_fp(self._file, self._page.offset)
        return exif

    def colour_tag(self) -> ColourTag:
        """Return the ICC profile."""
        icc = self._value(_ICC)
        return ColourTag(bytes(icc) if icc else None)

    def close(self) -> None:
        """Release what tifffile holds; the file stays open."""
        self._tiff.close()

    def _value(self, tag: int) -> Any:
        found = self._page.tags.get(tag)
        return None if found is None else found.value

    def _stored(self) -> np.ndarray:
        """Return the samples as stored: (H, W, channels)."""
        if self._reader is TiffReader.LIBTIFF:
            return np.asarray(self._by_libtiff())
        self._check_segments()
        width, height = self.size
        channels = len(self.layout.bits)
        values = np.asarray(self._page.asarray())
        if values.dtype == np.bool_:
            values = values.view(np.uint8)
        if self._page.planarconfig == 2 and channels > 1:
            return np.moveaxis(values.reshape(channels, height, width), 0, -1)
        return values.reshape(height, width, channels)

    def _check_segments(self) -> None:
        """Raise ``DamagedImage`` where a strip or tile is missing or cut off: tifffile would read it as zeros."""
        page = self._page
        self._file.seek(0, 2)
        end = self._file.tell()
        segments = list(zip(page.dataoffsets, page.databytecounts, strict=True))
        if len(segments) < int(np.prod(page.chunked)):
            raise DamagedImage
        if any(not offset or not count or offset + count > end for offset, count in segments):
            raise DamagedImage
        if page.compression == _UNCOMPRESSED and sum(count for _, count in segments) < _pixel_bytes(
            self.layout, self.size
        ):
            raise DamagedImage

    def _by_libtiff(self) -> Image.Image:
        self._file.seek(0)
        image: Image.Image = self._kind.reader.load_plugin()(self._file)
        image.seek(self._number)
        image.load()
        return image

    def _by_palette(self, places: np.ndarray) -> Pixels:
        """Return uint8 colours (H, W, 3) of places in the file's table."""
        stored = np.asarray(self._value(_COLOR_MAP), np.uint16)
        entries = 1 << self.layout.depth
        if stored.size != 3 * entries:
            raise DamagedImage
        table = stored.reshape(3, entries).T
        if table.max() < 256:
            # Old writers filled in bytes; libtiff's own tools take such tables so.
            return table.astype(np.uint8)[places]
        has_bytes = not (table & 0xFF).any()
        return ((table >> 8).astype(np.uint8) if has_bytes else as_8_bits(table))[places]

    def _fractions(self, stored: np.ndarray, notes: list[Note]) -> Pixels:
        """Return uint16 levels of floating-point samples, of which 1.0 is white."""
        finite = np.where(np.isfinite(stored), stored, 0)
        low, high = float(finite.min()), float(finite.max())
        black, white = 0.0, 1.0
        if low < 0 or high > 1:
            if len(self.layout.bits) > 1 or self.layout.is_negative:
                raise UnsupportedLayout(kind=self._kind.label, layout=f"values from {low:g} to {high:g}")
            black, white = (low, high) if high > low else (low, low + 1)
            notes.append(Note("brightness_spread", {"low": f"{low:g}", "high": f"{high:g}"}))
        scale = 65535.0 / (white - black)
        return by_rows(
            finite, np.dtype(np.uint16), lambda row: np.rint((row.astype(np.float64) - black) * scale)
        )


def _tile_bytes(page: Any) -> int:
    """Return the size of one decoded tile; 0 for strips, which are no larger than the image."""
    bits = page.bitspersample if isinstance(page.bitspersample, int) else max(page.bitspersample)
    return int(page.tilewidth) * int(page.tilelength) * int(page.samplesperpixel) * int(bits) // 8


def _check_directory(tiff: Any, page: Any) -> None:
    """Raise ``DamagedImage`` for an unreadable tag that pixels depend on: a default would stand for it."""
    file, order = tiff.filehandle, tiff.byteorder
    head, entry_bytes = ("Q", 20) if tiff.is_bigtiff else ("H", 12)
    file.seek(page.offset)
    (count,) = struct.unpack(order + head, file.read(struct.calcsize(head)))
    entries = file.read(min(count, _MOST_ENTRIES) * entry_bytes)
    codes = {struct.unpack_from(order + "H", entries, at)[0] for at in range(0, len(entries), entry_bytes)}
    if any(code in _OF_PIXELS and code not in page.tags for code in codes):
        raise DamagedImage


def _layout_of(page: Any) -> TiffLayout:
    tags = page.tags

    def numbers(tag: int) -> tuple[int, ...] | None:
        found = tags.get(tag)
        if found is None:
            return None
        return tuple(map(int, found.value)) if isinstance(found.value, tuple) else (int(found.value),)

    count = (numbers(277) or (1,))[0]
    bits = numbers(258) or (1,)
    formats = set(numbers(339) or (_UNCOMPRESSED,))
    return TiffLayout(
        photometric=(numbers(262) or (-1,))[0],
        bits=bits * count if len(bits) == 1 else bits,
        sample_format=formats.pop() if len(formats) == 1 else -1,
        compression=(numbers(259) or (1,))[0],
        extra_samples=numbers(338),
        ink_set=(numbers(332) or (1,))[0],
    )


def _has_larger_image(page: Any) -> bool:
    """Return whether an image below a page is larger than it: raw files show a small copy first."""
    if _SUB_IFDS not in page.tags:
        return False
    return any(sub.aspage().imagewidth > page.imagewidth for sub in page.pages or ())


def _pixel_bytes(layout: TiffLayout, size: tuple[int, int]) -> int:
    return size[0] * size[1] * sum(layout.bits) // 8


def _with_offset(lab: Pixels) -> Pixels:
    """Return Lab levels whose signed a and b start at half of the range."""
    half = lab.dtype.type(white_of(lab) // 2 + 1)
    shifted = lab.copy()
    shifted[..., 1:] += half
    return shifted

"""GIF files: places in the table of colours by Pillow, everything else by the specification, as browsers show it."""

from __future__ import annotations

import io
import struct
from typing import IO, Any

import numpy as np
from PIL import Image

from upscaler.engine.imaging.gif_blocks import read_blocks
from upscaler.engine.imaging.image_format import ImageFormat
from upscaler.engine.imaging.readers.base import ColourTag, OpenedImage
from upscaler.engine.imaging.samples import Samples
from upscaler.errors import UnsupportedLayout


class GifImage(OpenedImage):
    """A GIF file; arguments as of ``PillowImage``.

    The first image is placed on a transparent ground of the size of the whole; the background colour is ignored.
    """

    def __init__(self, file: IO[bytes], kind: ImageFormat) -> None:
        self._plugin: Any = kind.reader.load_plugin()
        self._blocks = blocks = read_blocks(file)
        if blocks.table is None:
            raise UnsupportedLayout(kind=kind.label, layout="no table of colours")
        colours = np.frombuffer(blocks.table[: len(blocks.table) // 3 * 3], np.uint8).reshape(-1, 3)
        # Places behind the end of the table are black, as in browsers.
        self._table = np.zeros((256, 3), np.uint8)
        self._table[: len(colours)] = colours
        self._is_gray = bool((colours == colours[:, :1]).all())
        self.size = blocks.size
        self.frames = blocks.images
        self.mode = "P"
        self.has_alpha = blocks.transparent is not None or not self._fills
        names = {"comment": blocks.comment, "xmp": blocks.xmp}
        self.metadata = tuple(name for name, is_there in names.items() if is_there)

    def load(self) -> None:
        """Decode the image to its end."""
        self._places()

    def samples(self) -> Samples:
        """Decode the image."""
        blocks, places = self._blocks, self._places()
        table = self._table[:, :1] if self._is_gray else self._table
        colour, alpha = table[places], None
        if blocks.transparent is not None:
            alpha = np.where(places == blocks.transparent, np.uint8(0), np.uint8(255))
        if not self._fills:
            width, height = self.size
            rows = slice(blocks.top, blocks.top + blocks.height)
            columns = slice(blocks.left, blocks.left + blocks.width)
            whole = np.zeros((height, width, colour.shape[2]), np.uint8)
            ground = np.zeros((height, width), np.uint8)
            whole[rows, columns] = colour
            ground[rows, columns] = 255 if alpha is None else alpha
            colour, alpha = whole, ground
        return Samples(colour, "gray" if self._is_gray else "rgb", alpha)

    def exif(self) -> Image.Exif:
        """Return EXIF data without tags: the format has none."""
        return Image.Exif()

    def colour_tag(self) -> ColourTag:
        """Return the ICC profile."""
        return ColourTag(self._blocks.icc)

    def close(self) -> None:
        """Do nothing: nothing is held."""

    @property
    def _fills(self) -> bool:
        """Whether the first image covers the whole."""
        blocks = self._blocks
        return (blocks.left, blocks.top, blocks.width, blocks.height) == (0, 0, *blocks.size)

    def _places(self) -> np.ndarray:
        """Return places in the table of colours: uint8 (H, W) of the first image."""
        blocks = self._blocks
        size = struct.pack("<HH", blocks.width, blocks.height)
        flags = bytes([0x40 if blocks.interlaced else 0])
        alone = b"GIF89a" + size + bytes(3) + b"," + bytes(4) + size + flags + blocks.data + b";"
        image = self._plugin(io.BytesIO(alone))
        image.load()
        return np.asarray(image)

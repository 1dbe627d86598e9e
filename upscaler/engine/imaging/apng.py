"""The first image of an animated PNG file whose still image is no part of the animation.

The standard is W3C, "Portable Network Graphics, Third Edition", 11.3.6. Browsers show the animation, and the still
image is for readers that know no animations: what people see is taken.
"""

from __future__ import annotations

import struct
from typing import IO

from isal import isal_zlib

from upscaler.engine.imaging.file_parts import Part
from upscaler.errors import DamagedImage

_BLOCK = 1 << 20
# Length, type and sequence number stand before the pixels of fdAT.
_FRAME_DATA_HEAD = 12
_ANIMATION_CONTROL = struct.Struct(">2I")
_MOST_FRAMES = 2**31 - 1
# Sequence number, width, height, offsets across and down; delay, disposal and blending.
_FRAME_CONTROL = struct.Struct(">5I2H2B")


class FirstFrame:
    """The chunks of the first image, taken one by one in the order of the file.

    Attributes:
        parts: chunks of pixels as those of a still image; empty where the still image is the first one.

    """

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self._is_animation = False
        self._has_still = False
        self._is_over = False
        self._control = b""
        self._next_number = 0

    @property
    def is_due(self) -> bool:
        """Whether the chunks fcTL and fdAT that come next are those of the first image."""
        return self._is_animation and self._has_still and not self._is_over

    def take(self, kind: bytes, content: bytes) -> None:
        """Note a chunk that is no fdAT and comes next.

        Raises:
            DamagedImage: it is none that may come next in the first image.

        """
        if kind == b"acTL" and not self._has_still and len(content) == _ANIMATION_CONTROL.size:
            self._is_animation = 0 < _ANIMATION_CONTROL.unpack(content)[0] <= _MOST_FRAMES
        elif kind == b"IDAT":
            self._has_still = True
        elif kind == b"IEND" and self._control and not self.parts:
            raise DamagedImage
        elif kind == b"fcTL":
            self._take_control(content)

    def take_pixels(self, file: IO[bytes], at: int, length: int) -> None:
        """Note a whole fdAT chunk at this offset, with ``length`` bytes of content.

        Raises:
            DamagedImage: it is none that may come next in the first image.

        """
        size = length - 4
        file.seek(at + _FRAME_DATA_HEAD - 4)
        if size < 0 or not self._control:
            raise DamagedImage
        self._count(file.read(4))
        crc, left = isal_zlib.crc32(b"IDAT"), size
        while left:
            block = file.read(min(left, _BLOCK))
            crc, left = isal_zlib.crc32(block, crc), left - len(block)
        self.parts += [
            struct.pack(">I4s", size, b"IDAT"),
            (at + _FRAME_DATA_HEAD, size),
            struct.pack(">I", crc),
        ]

    def _take_control(self, content: bytes) -> None:
        if not self._has_still or self.parts:
            # The still image is the first one, or the second one begins.
            self._is_over = True
        elif self.is_due:
            if self._control or len(content) != _FRAME_CONTROL.size:
                raise DamagedImage
            self._control = content
            self._count(content[:4])

    def _count(self, number: bytes) -> None:
        """Check the sequence number, which fcTL and fdAT share."""
        if int.from_bytes(number, "big") != self._next_number:
            raise DamagedImage
        self._next_number += 1

    def covers(self, width: int, height: int) -> bool:
        """Return whether the first image is as large as the canvas."""
        return _FRAME_CONTROL.unpack(self._control)[1:5] == (width, height, 0, 0)

"""Encoding: pixels in, files out, by blocks of rows, so that a result may be larger than memory.

PNG is written directly. For the other formats the same stream, uncompressed, goes through a pipe to libvips, which
reads it from the top to the bottom and writes their file.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO

import numpy as np

from upscaler.engine.imaging.image import Pixels
from upscaler.engine.imaging.image_format import ImageFormat
from upscaler.engine.imaging.libvips import srgb_profile
from upscaler.engine.imaging.png import PngWriter, Tags
from upscaler.engine.imaging.transcode import Transcoder, writer_of
from upscaler.engine.result import part_path


class ResultWriter:
    """Writes a result from the top to the bottom; ``target`` appears whole, by ``close``, or not at all.

    Transparency is laid on white in a format that has none, and EXIF data is left out likewise. Colour without a
    profile is tagged as sRGB, gray is not.

    Args:
        target: the file to write.
        kind: its format.
        size: width and height in pixels.
        layout: channels of the rows (1 gray, 2 gray and alpha, 3 RGB, 4 RGBA) and their type, uint8, or uint16 for
            formats that are ``deep``.
        tags: profile, resolution and EXIF data.
        quality: 1 to 100, for a format that has one; None for its default.
    """

    def __init__(
        self,
        target: Path,
        kind: ImageFormat,
        size: tuple[int, int],
        layout: tuple[int, np.dtype[np.generic]],
        tags: Tags,
        *,
        quality: int | None = None,
    ) -> None:
        self._target = target
        self._part = part_path(target)
        channels, level = layout
        if not kind.has_exif:
            tags = replace(tags, exif=None)
        if tags.profile is None and channels >= 3:
            tags = replace(tags, profile=srgb_profile())
        self._transcoder: Transcoder | None = None
        if writer_of(kind).saver is None:
            self._file: IO[bytes] = self._part.open("wb")
        else:
            pixel_bytes = size[0] * size[1] * channels * level.itemsize
            self._transcoder = Transcoder(self._part, kind, tags, quality, pixel_bytes)
            self._file = self._transcoder.pipe
        self._png = PngWriter(self._file, size, layout, tags, compressed=self._transcoder is None)

    def write(self, rows: Pixels) -> None:
        """Write the next rows: (n, width, channels).

        Raises:
            StorageFull, EngineError: the file cannot be written.

        """
        try:
            self._png.write(rows)
        except OSError:
            self._raise_transcoders()
            raise

    def close(self) -> None:
        """Finish the file and put it in its place; raises what ``write`` does."""
        try:
            self._png.close()
            self._file.close()
        except OSError:
            self._raise_transcoders()
            raise
        self._raise_transcoders()
        self._part.replace(self._target)

    def abort(self) -> None:
        """Leave no file."""
        with suppress(OSError):
            self._file.close()
        if self._transcoder is not None:
            self._transcoder.join()
        self._part.unlink(missing_ok=True)

    def _raise_transcoders(self) -> None:
        if self._transcoder is not None:
            self._transcoder.join()
            if self._transcoder.error is not None:
                raise self._transcoder.error

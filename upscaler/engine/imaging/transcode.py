"""Transcoding: an uncompressed PNG that comes through a pipe becomes a file of another format, with libvips."""

from __future__ import annotations

import os
import threading
from functools import cache
from pathlib import Path
from typing import IO, Any

from upscaler.engine.imaging.formats import FORMATS
from upscaler.engine.imaging.image_format import ImageFormat, Writer
from upscaler.engine.imaging.libvips import error_of
from upscaler.engine.imaging.png import Tags
from upscaler.engine.imaging.resolution import remove_resolution
from upscaler.errors import EngineError, EngineUnavailable, StorageFull

# Pixels that take more are written with a writer's ``large_options``.
_LARGE_BYTES = 3 << 30
_PIPE_BYTES = 1 << 20


class Transcoder(threading.Thread):
    """Reads a PNG from a pipe, from the top to the bottom, and saves it in another format.

    Args:
        target: the file to write.
        kind: its format, one whose writer is an operation of libvips.
        tags: profile, resolution and EXIF data that the PNG carries.
        quality: 1 to 100, or None for the format's default.
        pixel_bytes: size of the uncompressed pixels.

    Attributes:
        pipe: the end to write the PNG to.
        error: why the file could not be written, set when the thread has ended; None when all is well.

    """

    def __init__(
        self, target: Path, kind: ImageFormat, tags: Tags, quality: int | None, pixel_bytes: int
    ) -> None:
        super().__init__(name="transcode", daemon=True)
        self._target = target
        self._has_alpha = kind.has_alpha
        self._has_dpi = tags.dpi is not None
        self._writer = writer_of(kind)
        self._options = {"keep": "icc", **save_options(kind, quality)}
        if pixel_bytes > _LARGE_BYTES:
            self._options.update(self._writer.large_options)
        if tags.exif is not None or (self._writer.resolution_in_exif and self._has_dpi):
            self._options["keep"] = "icc|exif"
        self._end, writing_end = os.pipe()
        self.pipe: IO[bytes] = os.fdopen(writing_end, "wb", buffering=_PIPE_BYTES)
        self.error: Exception | None = None
        self.start()

    def run(self) -> None:
        """Read to the end, also after a failure: the thread that writes must not wait for ever."""
        try:
            self._transcode()
        except (EngineError, StorageFull) as error:
            self.error = error
            while os.read(self._end, _PIPE_BYTES):
                pass
        finally:
            os.close(self._end)

    def _transcode(self) -> None:
        import pyvips  # noqa: PLC0415 - it loads libvips, which the web process never needs

        try:
            source = pyvips.Source.new_from_descriptor(self._end)
            image = pyvips.Image.new_from_source(source, "", access="sequential", unlimited=True)
            if image.hasalpha() and not self._has_alpha:
                image = image.flatten(background=[255])
            getattr(image, str(self._writer.saver))(str(self._target), **self._options)
            if not self._has_dpi:
                remove_resolution(self._target)
        except pyvips.Error as error:
            raise error_of(error) from error


def writer_of(kind: ImageFormat) -> Writer:
    """Return how a format is written; raise ``ValueError`` for one that is only read."""
    if kind.writer is None:
        raise ValueError(f"{kind.label} files are not written")
    return kind.writer


def save_options(kind: ImageFormat, quality: int | None) -> dict[str, Any]:
    """Return the options of libvips's operation that writes a format."""
    options: dict[str, Any] = dict(writer_of(kind).options)
    if kind.default_quality is not None:
        options["Q"] = kind.default_quality if quality is None else quality
    return options


@cache
def check_writers() -> None:
    """Write a few pixels in each format that libvips writes, so that a job never fails on that after its work.

    Raises:
        EngineUnavailable: a format of the table cannot be written.

    """
    import pyvips  # noqa: PLC0415 - it loads libvips, which the web process never needs

    pixels = pyvips.Image.black(16, 16, bands=3).copy(interpretation="srgb")
    for kind in FORMATS:
        if kind.writer is None or kind.writer.saver is None:
            continue
        options = {**save_options(kind, None), **kind.writer.large_options}
        try:
            getattr(pixels, f"{kind.writer.saver}_buffer")(**options)
        except (pyvips.Error, AttributeError, TypeError) as error:
            raise EngineUnavailable(reason=f"{kind.label} files cannot be written: {error}") from error

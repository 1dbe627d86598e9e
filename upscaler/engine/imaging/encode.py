"""Pixels in, files out, strip by strip, so that a result may be larger than memory.

PNG is written directly. For the other kinds the same stream, uncompressed, goes through a pipe to libvips, which reads
it from the top to the bottom and writes their file.
"""

from __future__ import annotations

import errno
import os
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np

from upscaler.engine.imaging.formats import JPEG, PNG, TIFF, ImageFormat
from upscaler.engine.imaging.image import Pixels, as_8_bits
from upscaler.engine.imaging.png import PngWriter, Tags
from upscaler.engine.result import part_path
from upscaler.errors import EngineError, StorageFull

PREVIEW_MIME_TYPE = "image/webp"
PREVIEW_MAX_SIDE = 1024
# What an image without a resolution gets, since libvips always writes one: the usual "unknown".
_DEFAULT_DPI = 72.0
_MILLIMETRES_PER_INCH = 25.4
_LARGE_TIFF_BYTES = 3 << 30
_PIPE_BYTES = 1 << 20

# Choices by measuring 27 MB of textured image on one core: JPEG 240 MB/s, WebP effort 2 12 MB/s (effort 4: 6 MB/s),
# AVIF effort 0 5 MB/s (effort 1: 1.4 MB/s for 12 % less, effort 2 the half of that).
_SAVE_OPTIONS: dict[str, dict[str, Any]] = {
    "jpeg": {"subsample_mode": "off", "optimize_coding": True},
    "webp": {"effort": 2, "smart_subsample": True},
    "tiff": {"compression": "deflate", "predictor": "horizontal", "level": 2},
    "avif": {"compression": "av1", "effort": 0, "subsample_mode": "off"},
}
# libvips's writer for each kind that is not named like it.
_SAVERS = {"avif": "heifsave"}
_PREVIEW_OPTIONS: dict[str, Any] = {"Q": 82, "effort": 2}


class ResultWriter:
    """Writes a result from the top to the bottom; ``target`` appears whole, by ``close``, or not at all.

    Transparency is laid on white in a kind of file that has none. Colour without a profile is tagged as sRGB, gray is
    not.

    Args:
        target: the file to write.
        kind: what to write.
        size: width and height in pixels.
        layout: channels of the strips (1 gray, 2 gray and alpha, 3 RGB, 4 RGBA) and their type, uint8, or uint16 for
            kinds that are ``deep``.
        tags: profile, resolution and EXIF data.
        quality: 1 to 100, for a kind that has one; None for its default.
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
        self._transcoder: _Transcoder | None = None
        if kind is PNG:
            self._file: IO[bytes] = self._part.open("wb")
        else:
            self._transcoder = _Transcoder(
                self._part,
                kind,
                tags,
                _save_options(kind, quality, size[0] * size[1] * channels * level.itemsize),
            )
            self._file = self._transcoder.pipe
        self._png = PngWriter(self._file, size, layout, tags, compressed=kind is PNG)

    def write(self, strip: Pixels) -> None:
        """Write the next rows: (n, width, channels).

        Raises:
            StorageFull, EngineError: the file cannot be written.

        """
        try:
            self._png.write(strip)
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


class _Transcoder(threading.Thread):
    """Reads a PNG from a pipe and saves it as another kind of file."""

    def __init__(self, target: Path, kind: ImageFormat, tags: Tags, options: dict[str, Any]) -> None:
        super().__init__(name="transcode", daemon=True)
        self._target = target
        self._kind = kind
        self._has_dpi = tags.dpi is not None
        self._options = options
        if tags.exif is not None or (kind is JPEG and self._has_dpi):
            # libvips writes the resolution of a JPEG file only together with a small EXIF block of its own.
            self._options["keep"] = "icc|exif"
        self._end, writing_end = os.pipe()
        self.pipe: IO[bytes] = os.fdopen(writing_end, "wb", buffering=_PIPE_BYTES)
        self.error: Exception | None = None
        self.start()

    def run(self) -> None:
        """Read to the end, whatever happens: who writes must not wait for ever."""
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
            if not self._has_dpi:
                dots = _DEFAULT_DPI / _MILLIMETRES_PER_INCH
                image = image.copy(xres=dots, yres=dots)
            if image.hasalpha() and not self._kind.has_alpha:
                image = image.flatten(background=[255])
            save = getattr(image, _SAVERS.get(self._kind.name, f"{self._kind.name}save"))
            save(str(self._target), **{"keep": "icc", **self._options})
        except pyvips.Error as error:
            raise _error_of(error) from error


def _save_options(kind: ImageFormat, quality: int | None, pixel_bytes: int) -> dict[str, Any]:
    """Return what libvips's writer of that kind is told."""
    options = dict(_SAVE_OPTIONS[kind.name])
    if kind.default_quality is not None:
        options["Q"] = kind.default_quality if quality is None else quality
    if kind is TIFF:
        options["bigtiff"] = pixel_bytes > _LARGE_TIFF_BYTES
    return options


def write_preview_of_file(decoded: Path, target: Path) -> tuple[int, int]:
    """Write a WebP image of at most 1024 pixels on its longer side; return its width and height."""
    import pyvips  # noqa: PLC0415 - see above

    try:
        image = pyvips.Image.thumbnail(str(decoded), PREVIEW_MAX_SIDE, height=PREVIEW_MAX_SIDE, size="down")
        return _write_preview(image, target)
    except pyvips.Error as error:
        raise _error_of(error) from error


def write_preview_of_pixels(pixels: Pixels, profile: bytes | None, target: Path) -> tuple[int, int]:
    """Write a preview of uint8 or uint16 (H, W, channels), which may have a profile of its own."""
    import pyvips  # noqa: PLC0415 - see above

    height, width, bands = pixels.shape
    image = pyvips.Image.new_from_memory(
        np.ascontiguousarray(as_8_bits(pixels)).reshape(-1).data, width, height, bands, "uchar"
    )
    image = image.copy(interpretation="b-w" if bands <= 2 else "srgb")
    if profile is not None:
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    try:
        image = image.thumbnail_image(PREVIEW_MAX_SIDE, height=PREVIEW_MAX_SIDE, size="down")
        return _write_preview(image, target)
    except pyvips.Error as error:
        raise _error_of(error) from error


def _write_preview(image: Any, target: Path) -> tuple[int, int]:
    part = part_path(target)
    try:
        image.webpsave(str(part), keep="icc", **_PREVIEW_OPTIONS)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return image.width, image.height


def srgb_profile() -> bytes:
    """Return libvips's own sRGB profile: 480 bytes, and the same each time, so that equal results have equal hashes."""
    import pyvips  # noqa: PLC0415 - see above

    # Results are used once: a cache of operations would only hold on to their memory.
    pyvips.cache_set_max(0)
    return bytes(pyvips.Operation.call("profile_load", "srgb"))


def _error_of(error: Exception) -> EngineError | StorageFull:
    """Return our error for one of libvips, which reports a failed system call only in words."""
    return StorageFull() if os.strerror(errno.ENOSPC) in str(error) else EngineError()

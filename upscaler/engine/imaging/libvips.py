"""Small helpers around libvips, which only processes that decode or encode images load."""

from __future__ import annotations

import errno
import os
from typing import IO

import numpy as np

from upscaler.engine.imaging.image import Pixels
from upscaler.errors import DamagedImage, EngineError, StorageFull

_BLOCK = 1 << 20
_LEVELS = {"uchar": np.uint8, "ushort": np.uint16}


def read_pixels(file: IO[bytes], *, last_rows: int = 0, **options: str | bool) -> Pixels:
    """Decode an image file: uint8 or uint16 (H, W, channels), CMYK with 0 for no ink.

    Args:
        file: to read from its beginning; it stays open.
        last_rows: how many rows at the end are wanted; 0 for all.
        options: of the loader in libvips, such as ``fail_on``.

    Raises:
        DamagedImage: it cannot be read to its end.

    """
    import pyvips  # noqa: PLC0415 - it loads libvips, which the web process never needs

    source = pyvips.SourceCustom()
    source.on_read(lambda size: file.read(min(size, _BLOCK)))
    source.on_seek(file.seek)
    file.seek(0)
    try:
        image = pyvips.Image.new_from_source(source, "", access="sequential", **options)
        if 0 < last_rows < image.height:
            image = image.crop(0, image.height - last_rows, image.width, last_rows)
        memory = image.write_to_memory()
    except pyvips.Error as error:
        raise DamagedImage from error
    if image.format not in _LEVELS:
        raise DamagedImage
    pixels: Pixels = np.frombuffer(memory, _LEVELS[image.format])
    return pixels.reshape(image.height, image.width, image.bands)


def srgb_profile() -> bytes:
    """Return libvips's own sRGB profile: 480 bytes, and the same each time, so that equal results have equal hashes."""
    import pyvips  # noqa: PLC0415 - it loads libvips, which the web process never needs

    # Results are used once: a cache of operations would only hold on to their memory.
    pyvips.cache_set_max(0)
    return bytes(pyvips.Operation.call("profile_load", "srgb"))


def error_of(error: Exception) -> EngineError | StorageFull:
    """Return this project's error for one of libvips, which reports a failed system call only in words."""
    return StorageFull() if os.strerror(errno.ENOSPC) in str(error) else EngineError()

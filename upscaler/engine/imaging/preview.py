"""Previews: WebP images of at most 1024 pixels on their longer side, of files and of pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from upscaler.engine.imaging.image import Pixels, as_8_bits
from upscaler.engine.imaging.libvips import error_of
from upscaler.engine.result import part_path

_MAX_SIDE = 1024
_OPTIONS: dict[str, Any] = {"Q": 82, "effort": 2}


def write_preview_of_file(source: Path, target: Path) -> None:
    """Write the preview of an image file."""
    import pyvips  # noqa: PLC0415 - it loads libvips, which the web process never needs

    try:
        image = pyvips.Image.thumbnail(str(source), _MAX_SIDE, height=_MAX_SIDE, size="down")
        _write(image, target)
    except pyvips.Error as error:
        raise error_of(error) from error


def write_preview_of_pixels(pixels: Pixels, profile: bytes | None, target: Path) -> None:
    """Write the preview of uint8 or uint16 (H, W, channels), which may have a profile of its own."""
    import pyvips  # noqa: PLC0415 - see above

    height, width, bands = pixels.shape
    image = pyvips.Image.new_from_memory(
        np.ascontiguousarray(as_8_bits(pixels)).reshape(-1).data, width, height, bands, "uchar"
    )
    image = image.copy(interpretation="b-w" if bands <= 2 else "srgb")
    if profile is not None:
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    try:
        image = image.thumbnail_image(_MAX_SIDE, height=_MAX_SIDE, size="down")
        _write(image, target)
    except pyvips.Error as error:
        raise error_of(error) from error


def _write(image: Any, target: Path) -> None:
    part = part_path(target)
    try:
        image.webpsave(str(part), keep="icc", **_OPTIONS)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)

"""Pixels in, files out: streamed through libvips, so that a result may be larger than memory."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from upscaler.engine.formats import JPEG, TIFF, PictureFormat
from upscaler.engine.picture import Pixels
from upscaler.engine.result import part_path
from upscaler.errors import EngineError, ResultTooLarge, StorageFull

PREVIEW_MIME_TYPE = "image/webp"
PREVIEW_MAX_SIDE = 1024
# What a picture without a resolution gets, since libvips always writes one: the usual "unknown".
_DEFAULT_DPI = 72.0
_MILLIMETRES_PER_INCH = 25.4
_LARGE_TIFF_BYTES = 3 << 30

# Choices by measuring 27 MB of textured picture on one core. PNG: level 2 with the "up" filter writes about
# 20 MB/s at 0.47 of the size; level 6 with all filters 4 MB/s at 0.43. JPEG 240 MB/s, WebP effort 2 12 MB/s
# (effort 4: 6 MB/s).
_SAVE_OPTIONS: dict[str, dict[str, Any]] = {
    "png": {"compression": 2, "filter": "up"},
    "jpeg": {"Q": 92, "subsample_mode": "off", "optimize_coding": True},
    "webp": {"Q": 92, "effort": 2},
    "tiff": {"compression": "deflate", "predictor": "horizontal", "level": 2},
}
_PREVIEW_OPTIONS: dict[str, Any] = {"Q": 82, "effort": 2}


@dataclass(frozen=True)
class Canvas:
    """What is to be written.

    Attributes:
        colour: uint8 (H, W, 3), or (H, W, 1) for a gray picture.
        alpha: uint8 (H, W) or None.
        profile: ICC profile of the colour; None for sRGB, which colour is then tagged as and gray is not.
        dpi: resolution in dots per inch (horizontal, vertical) or None.

    """

    colour: Pixels
    alpha: Pixels | None
    profile: bytes | None
    dpi: tuple[float, float] | None


def check_result_size(width: int, height: int, kind: PictureFormat) -> None:
    """Raise ``ResultTooLarge`` when that kind of file cannot hold a picture of that many pixels per side."""
    if max(width, height) > kind.max_side:
        raise ResultTooLarge(
            width=width, height=height, limit=f"{kind.max_side} x {kind.max_side} ({kind.name.upper()})"
        )


def write_picture(canvas: Canvas, target: Path, kind: PictureFormat) -> None:
    """Write a picture; ``target`` appears whole or not at all.

    Transparency is laid on white in a kind of file that has none.
    """
    image = _vips_image(canvas)
    if canvas.alpha is not None and not kind.has_alpha:
        image = image.flatten(background=[255])
    options = dict(_SAVE_OPTIONS[kind.name])
    if kind is TIFF:
        options["bigtiff"] = canvas.colour.nbytes > _LARGE_TIFF_BYTES
    if kind is JPEG and canvas.dpi is not None:
        # libvips writes the resolution of a JPEG file only together with a small EXIF block of its own.
        options["keep"] = "icc|exif"
    _save(image, target, kind.name, options)


def write_preview(canvas: Canvas, target: Path) -> tuple[int, int]:
    """Write a WebP picture of at most 1024 pixels on its longer side; return its width and height."""
    image = _vips_image(canvas)
    image = image.thumbnail_image(PREVIEW_MAX_SIDE, height=PREVIEW_MAX_SIDE, size="down")
    _save(image, target, "webp", _PREVIEW_OPTIONS)
    return image.width, image.height


def _save(image: Any, target: Path, format_name: str, options: dict[str, Any]) -> None:
    import pyvips  # noqa: PLC0415 - it loads libvips, which the web process never needs

    part = part_path(target)
    try:
        getattr(image, f"{format_name}save")(str(part), **{"keep": "icc", **options})
        part.replace(target)
    except pyvips.Error as error:
        # libvips reports a failed system call only in words.
        if os.strerror(errno.ENOSPC) in str(error):
            raise StorageFull from error
        raise EngineError from error
    finally:
        part.unlink(missing_ok=True)


def _vips_image(canvas: Canvas) -> Any:
    import pyvips  # noqa: PLC0415 - it loads libvips, which the web process never needs

    # Results are used once: a cache of operations would only hold on to their memory.
    pyvips.cache_set_max(0)
    image = _wrap(canvas.colour, "b-w" if canvas.colour.shape[2] == 1 else "srgb")
    if canvas.alpha is not None:
        image = image.bandjoin(_wrap(canvas.alpha[..., None], "b-w"))
    horizontal, vertical = canvas.dpi or (_DEFAULT_DPI, _DEFAULT_DPI)
    image = image.copy(xres=horizontal / _MILLIMETRES_PER_INCH, yres=vertical / _MILLIMETRES_PER_INCH)
    profile = canvas.profile
    if profile is None and canvas.colour.shape[2] == 3:
        # libvips's own: 480 bytes, and the same bytes each time, so that equal results have equal hashes.
        profile = pyvips.Operation.call("profile_load", "srgb")
    if profile is not None:
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    return image


def _wrap(pixels: Pixels, interpretation: str) -> Any:
    import pyvips  # noqa: PLC0415 - see above

    height, width, bands = pixels.shape
    image = pyvips.Image.new_from_memory(pixels.reshape(-1).data, width, height, bands, "uchar")
    return image.copy(interpretation=interpretation)

"""Inspection of a file before it is accepted: its format, its size, and whether it can be read to its end.

This module is what a sandboxed child runs on files from strangers: it imports Pillow and NumPy, and what few files
need only when one of them comes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from upscaler.engine.imaging.camera_raw import refuse_camera_raw
from upscaler.engine.imaging.crops import Crop, cut
from upscaler.engine.imaging.decode import decode_opened
from upscaler.engine.imaging.formats import FORMATS, format_of_content
from upscaler.engine.imaging.opening import ImageInfo, describe, open_image, read_head
from upscaler.errors import SeveralImages, SideTooLong, TooManyPixels, UnsupportedImage


@dataclass(frozen=True)
class InspectionLimits:
    """Limits on files: media types, pixels per side, pixels in all, and whether animations and pages are accepted."""

    allowed_mimes: tuple[str, ...]
    max_side: int
    max_pixels: int
    series: bool = True


@dataclass(frozen=True)
class Cutting:
    """A piece to cut out of the image, and the file for it."""

    crop: Crop
    target: Path


def inspect_image(
    path: Path,
    limits: InspectionLimits,
    filename: str | None = None,
    cutting: Cutting | None = None,
    on_pixels: Callable[[int], None] | None = None,
) -> ImageInfo:
    """Check a file in this process and return what it holds.

    The format comes from the content alone, the limits are judged from the header before any pixel is decoded,
    and the first image is then decoded in full to prove that it is complete.

    Args:
        path: the file.
        limits: what is accepted.
        filename: the name that its sender gave it; an extension that does not fit the content is no error.
        cutting: a piece to write as a file of its own.
        on_pixels: is called with the number of pixels before they are decoded.

    Raises:
        EmptyFile: it has no bytes.
        UnsupportedImage: it is not of an accepted format, or a camera's raw image.
        TooManyPixels: it is larger than the limits.
        TooComplexImage: it has more parts than any program writes.
        SeveralImages: it is an animation or has pages, and such files are not accepted.
        UnsupportedLayout: it is whole, and cannot be read right.
        DamagedImage: it cannot be read to its end.
        CropOutside: the wanted piece does not lie within it.

    """
    head = read_head(path)
    kind = format_of_content(head)
    if kind is None or kind.mime_type not in limits.allowed_mimes:
        raise UnsupportedImage(formats=_names_of(limits.allowed_mimes))
    if filename is not None:
        refuse_camera_raw(filename, kind.name)
    with open_image(path, kind) as opened:
        # First of all, since even asking Pillow for the orientation of a PNG file decodes its pixels.
        _check_size(*opened.size, limits)
        info = describe(opened, kind)
        if kind.is_series and info.frames > 1 and not limits.series:
            raise SeveralImages(count=info.frames)
        opened.colour_tag()
        if on_pixels is not None:
            on_pixels(info.width * info.height)
        if cutting is None:
            opened.load()
        else:
            decoded = decode_opened(opened, info.as_dict(), deep=True)
            cut(decoded, cutting.crop, cutting.target)
            info = replace(info, jpeg_quality=None if decoded.jpeg is None else decoded.jpeg.quality)
    return info


def _names_of(mime_types: tuple[str, ...]) -> str:
    return ", ".join(kind.label for kind in FORMATS if kind.mime_type in mime_types)


def _check_size(width: int, height: int, limits: InspectionLimits) -> None:
    if max(width, height) > limits.max_side:
        raise SideTooLong(width=width, height=height, limit=f"{limits.max_side:,}")
    if width * height > limits.max_pixels:
        raise TooManyPixels(width=width, height=height, limit=f"{limits.max_pixels:,}")

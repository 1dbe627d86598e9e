"""Crops, turns and reflections of AVIF and HEIC files (ISO/IEC 23008-12, 6.5)."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from upscaler.engine.imaging.iso_boxes import Box
from upscaler.errors import DamagedImage

# The EXIF orientation that turns by quarters to the left and then reflects mean: by quarters and axis.
_ORIENTATIONS = {
    (0, None): 1,
    (1, None): 8,
    (2, None): 3,
    (3, None): 6,
    (0, 0): 4,
    (1, 0): 5,
    (2, 0): 2,
    (3, 0): 7,
    (0, 1): 2,
    (1, 1): 7,
    (2, 1): 4,
    (3, 1): 5,
}
_ORDER = (b"clap", b"irot", b"imir")

Crop = tuple[int, int, int, int]


class UnusualTransformsError(ValueError):
    """Transforms that readers treat in different ways; its text is a short English name of them."""


def size_after(size: tuple[int, int], transforms: Sequence[Box]) -> tuple[int, int]:
    """Return width and height after all transforms, in their order.

    Raises:
        DamagedImage, UnusualTransformsError: as ``crop_of`` does.

    """
    for kind, content in transforms:
        if kind == b"clap":
            _, _, *size_left = crop_of(size, content)
            size = (size_left[0], size_left[1])
        elif kind == b"irot" and content[:1] and content[0] & 1:
            size = (size[1], size[0])
    return size


def crop_of(size: tuple[int, int], content: bytes) -> Crop:
    """Return left, top, width and height in pixels of a crop.

    Raises:
        DamagedImage: it makes no sense, or lies outside of the image.
        UnusualTransformsError: it is by parts of pixels.

    """
    try:
        numbers = struct.unpack_from(">4IiIiI", content)
    except struct.error as error:
        raise DamagedImage from error
    if not all(numbers[1::2]):
        raise DamagedImage
    width, height, right, down = (
        top / bottom for top, bottom in zip(numbers[::2], numbers[1::2], strict=True)
    )
    left, above = (size[0] - width) / 2 + right, (size[1] - height) / 2 + down
    if not all(number.is_integer() for number in (width, height, left, above)):
        raise UnusualTransformsError("a crop by parts of pixels")
    if min(left, above) < 0 or min(width, height) < 1 or left + width > size[0] or above + height > size[1]:
        raise DamagedImage
    return int(left), int(above), int(width), int(height)


def crop_and_orientation(size: tuple[int, int], transforms: Sequence[Box]) -> tuple[Crop, int]:
    """Return a crop, and the EXIF orientation that all others mean.

    Raises:
        DamagedImage: as ``crop_of`` does.
        UnusualTransformsError: they are not in the order that MIAF asks for, or as ``crop_of`` raises it.

    """
    kinds = [kind for kind, _ in transforms]
    if kinds != [kind for kind in _ORDER if kind in kinds]:
        raise UnusualTransformsError("turned, reflected or cropped in an unusual order")
    found = dict(transforms)
    crop = crop_of(size, found[b"clap"]) if b"clap" in found else (0, 0, *size)
    quarters = found[b"irot"][0] & 3 if found.get(b"irot") else 0
    axis = found[b"imir"][0] & 1 if found.get(b"imir") else None
    return crop, _ORIENTATIONS[quarters, axis]

"""EXIF data as files have it, of which anything may be damaged: that concerns no pixel."""

from __future__ import annotations

from contextlib import suppress

from PIL import ExifTags, Image

from upscaler.engine.imaging.orientation import ORIENTATION_TAG, valid_orientation

_UNCALIBRATED = 0xFFFF
# DCF 2.0, "DCF optional file": such a file's colours are Adobe RGB.
_ADOBE_RGB = "R03"
_INDEX = 1


def read_exif(data: bytes) -> Image.Exif:
    """Parse EXIF data, with the ``Exif`` header or without; return no tags where it makes no sense."""
    exif = Image.Exif()
    # Pillow raises errors of many kinds.
    with suppress(Exception):
        exif.load(data)
        return exif
    return Image.Exif()


def orientation_of(exif: Image.Exif) -> int:
    """Return the orientation, 1 to 8; 1 where there is none that makes sense."""
    with suppress(Exception):
        return valid_orientation(exif.get(ORIENTATION_TAG, 1))
    return 1


def is_adobe_rgb(exif: Image.Exif) -> bool:
    """Return whether a camera says that colours are Adobe RGB, which many do without a profile."""
    with suppress(Exception):
        space = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.ColorSpace)
        index = exif.get_ifd(ExifTags.IFD.Interop).get(_INDEX)
        return space == _UNCALIBRATED and str(index).strip("\0 ") == _ADOBE_RGB
    return False

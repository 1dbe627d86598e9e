"""EXIF data: the part of what a camera wrote beside the pixels that goes into a result."""

from __future__ import annotations

import struct

from PIL import ExifTags, Image

from upscaler.engine.imaging.image import DecodedImage
from upscaler.engine.notes import Note

_BASE = ExifTags.Base
_IMAGE_TAGS = (
    _BASE.ImageDescription,
    _BASE.Make,
    _BASE.Model,
    _BASE.DateTime,
    _BASE.Artist,
    _BASE.Copyright,
)
# Serial numbers of cameras and lenses are left out: they reveal which images are of one owner.
_EXPOSURE_TAGS = (
    _BASE.ExposureTime,
    _BASE.FNumber,
    _BASE.ExposureProgram,
    _BASE.ISOSpeedRatings,
    _BASE.SensitivityType,
    _BASE.DateTimeOriginal,
    _BASE.DateTimeDigitized,
    _BASE.OffsetTime,
    _BASE.OffsetTimeOriginal,
    _BASE.OffsetTimeDigitized,
    _BASE.SubsecTime,
    _BASE.SubsecTimeOriginal,
    _BASE.SubsecTimeDigitized,
    _BASE.ShutterSpeedValue,
    _BASE.ApertureValue,
    _BASE.BrightnessValue,
    _BASE.ExposureBiasValue,
    _BASE.MaxApertureValue,
    _BASE.MeteringMode,
    _BASE.LightSource,
    _BASE.Flash,
    _BASE.FocalLength,
    _BASE.FocalLengthIn35mmFilm,
    _BASE.ExposureMode,
    _BASE.WhiteBalance,
    _BASE.LensSpecification,
    _BASE.LensMake,
    _BASE.LensModel,
)
_HEADER = b"Exif\0\0"
# A JPEG segment holds 65533 bytes. No camera writes as much of these tags.
_MOST_BYTES = 60_000
_ODD_VALUES = (
    ValueError,
    TypeError,
    OverflowError,
    ZeroDivisionError,
    KeyError,
    AttributeError,
    struct.error,
)


def select_exif(found: Image.Exif, choice: str, decoded: DecodedImage) -> None:
    """Select the EXIF data that the result is to have, into ``decoded.exif``.

    Camera, lens, exposure, dates, description, author and copyright are taken, with ``choice`` "all" the place (GPS)
    as well. The orientation never is: pixels are upright by then. Neither are small images and makers' notes.

    Args:
        found: the EXIF data of the source.
        choice: one of the values of the option ``keep_metadata``.
        decoded: gets the data, and notes on what was left out.

    """
    if choice == "none" or not found:
        return
    try:
        exif, has_place = _selected(found, with_place=choice == "all")
        data = exif.tobytes().removeprefix(_HEADER) if len(exif) else b""
    except _ODD_VALUES:
        decoded.notes.append(Note("metadata_damaged"))
        return
    if not data or len(data) > _MOST_BYTES:
        return
    decoded.exif = data
    if has_place and choice != "all":
        decoded.notes.append(Note("metadata_place_removed"))


def _selected(found: Image.Exif, *, with_place: bool) -> tuple[Image.Exif, bool]:
    """Return a new structure with the selected tags, and whether the old one has a place."""
    exif = Image.Exif()
    for tag in _IMAGE_TAGS:
        if tag in found:
            exif[tag] = _as_stored(found[tag])
    exposure = found.get_ifd(ExifTags.IFD.Exif)
    selected = {tag: exposure[tag] for tag in _EXPOSURE_TAGS if tag in exposure}
    if selected:
        exif[ExifTags.IFD.Exif] = selected
    place = found.get_ifd(ExifTags.IFD.GPSInfo)
    if place and with_place:
        exif[ExifTags.IFD.GPSInfo] = dict(place)
    return exif, bool(place)


def _as_stored(value: object) -> object:
    """Return text as the bytes that the file has: Pillow reads them as Latin-1 and writes ASCII only."""
    return value.encode("latin-1", "replace").rstrip(b"\0") if isinstance(value, str) else value

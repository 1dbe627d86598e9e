"""Notes on what a written file has of its source, by comparing the source with the file's header."""

from __future__ import annotations

from collections.abc import Iterator

from PIL import ExifTags, Image

from upscaler.engine.imaging.alpha import is_visible
from upscaler.engine.imaging.image import DecodedImage
from upscaler.engine.imaging.image_format import ImageFormat
from upscaler.engine.imaging.written import WrittenFile, exif_of
from upscaler.engine.notes import Note

# Dots per inch by which a resolution may differ: files store whole dots per inch, per centimetre or per metre.
_TOLERATED_DPI = 0.5
_POINTERS = frozenset((ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo))


def notes_on(image: DecodedImage, written: WrittenFile, kind: ImageFormat) -> list[Note]:
    """Return a note for each property of the source that a result can have: it is in the file, or it is not.

    Args:
        image: the decoded source, with what was to be written.
        written: the header of the result.
        kind: the format of the result.

    """
    return [
        *_transparency(image, written, kind),
        *_gray(image),
        *_profile(image, written),
        *_bit_depth(image, written),
        *_resolution(image, written),
        *_metadata(image, written, kind),
    ]


def _transparency(image: DecodedImage, written: WrittenFile, kind: ImageFormat) -> Iterator[Note]:
    if image.alpha is None:
        return
    if written.has_alpha:
        yield Note("transparency_kept")
    elif not is_visible(image.alpha):
        yield Note("opaque_alpha_removed")
    elif kind.has_alpha:
        yield Note("transparency_removed")
    else:
        yield Note("transparency_flattened", {"format": kind.label})


def _gray(image: DecodedImage) -> Iterator[Note]:
    # The file has one channel, or three that were given the same levels: both layouts are without colour.
    if image.gray:
        yield Note("gray_kept")


def _profile(image: DecodedImage, written: WrittenFile) -> Iterator[Note]:
    if image.profile is None:
        return
    name = str(image.source["profile"])
    code = "profile_kept" if written.profile == image.profile else "profile_removed"
    yield Note(code, {"profile": name})


def _bit_depth(image: DecodedImage, written: WrittenFile) -> Iterator[Note]:
    if image.bit_depth <= 8:
        return
    if written.bit_depth >= image.bit_depth:
        yield Note("bit_depth_kept", {"bits": image.bit_depth})
    else:
        yield Note("bit_depth_reduced", {"bits": image.bit_depth, "written": written.bit_depth})


def _resolution(image: DecodedImage, written: WrittenFile) -> Iterator[Note]:
    if image.dpi is None:
        return
    is_there = written.dpi is not None and all(
        abs(before - after) <= _TOLERATED_DPI for before, after in zip(image.dpi, written.dpi, strict=True)
    )
    code = "resolution_kept" if is_there else "resolution_removed"
    yield Note(code, {"dpi": round(image.dpi[0])})


def _metadata(image: DecodedImage, written: WrittenFile, kind: ImageFormat) -> Iterator[Note]:
    if image.exif is None:
        return
    expected = exif_of(image.exif)
    if written.exif is not None and _tags(expected) <= _tags(written.exif):
        has_place = bool(expected.get_ifd(ExifTags.IFD.GPSInfo))
        yield Note("metadata_and_place_kept" if has_place else "metadata_kept")
    elif kind.has_exif:
        yield Note("metadata_removed", {"names": ["EXIF"]})
    else:
        yield Note("metadata_unsupported", {"format": kind.label})


def _tags(exif: Image.Exif) -> set[tuple[str, int]]:
    """Return the tags of all three directories."""
    return {
        *(("image", tag) for tag in exif if tag not in _POINTERS),
        *(("exif", tag) for tag in exif.get_ifd(ExifTags.IFD.Exif)),
        *(("gps", tag) for tag in exif.get_ifd(ExifTags.IFD.GPSInfo)),
    }

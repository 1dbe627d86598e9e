"""Print resolution: from the numbers of files, and out of written files whose source had none."""

from __future__ import annotations

import mmap
import re
import struct
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image

_BASE = ExifTags.Base
_CENTIMETRES_PER_INCH = 2.54
_INCH, _CENTIMETRE = 2, 3
_ABSENT_UNIT = 1
_LEAST, _MOST = 1.0, 100_000.0
_ENTRY_BYTES, _BIG_ENTRY_BYTES = 12, 20
_RESOLUTION_TAGS = frozenset({_BASE.XResolution, _BASE.YResolution, _BASE.ResolutionUnit})
# EXIF data as libvips embeds it: in JPEG and AVIF behind its name, in WebP also in a chunk of its own.
_EXIF_START = re.compile(rb"Exif\0\0(?=II\*\0|MM\0\*)")
_JFIF = b"\xff\xd8\xff\xe0"

Dpi = tuple[float, float]


def valid_dpi(dpi: Any) -> Dpi | None:
    """Return a resolution of two numbers from 1 to 100,000 dots per inch; None for anything else."""
    try:
        horizontal, vertical = (float(value) for value in dpi) if dpi else (0.0, 0.0)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    lower, higher = min(horizontal, vertical), max(horizontal, vertical)
    return (horizontal, vertical) if _LEAST <= lower <= higher <= _MOST else None


def dpi_of_tags(unit: Any, across: Any, down: Any) -> Dpi | None:
    """Return the resolution of the tags of TIFF and EXIF; without a unit, numbers are dots per inch (TIFF 6.0)."""
    if across is None or down is None or unit not in (None, _INCH, _CENTIMETRE):
        return None
    try:
        numbers = [
            value[0] / value[1] if isinstance(value, tuple) else float(value) for value in (across, down)
        ]
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    factor = _CENTIMETRES_PER_INCH if unit == _CENTIMETRE else 1.0
    return valid_dpi([number * factor for number in numbers])


def dpi_of_exif(exif: Image.Exif) -> Dpi | None:
    """Return the resolution that EXIF data names."""
    return dpi_of_tags(
        *(exif.get(tag) for tag in (_BASE.ResolutionUnit, _BASE.XResolution, _BASE.YResolution))
    )


def remove_resolution(path: Path) -> None:
    """Take out of a written JPEG, WebP, AVIF or TIFF file the resolution that libvips makes up; its size stays."""
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as content:
        if content[:4] == _JFIF:
            # Density 1 x 1 without a unit: the shape of a pixel (JFIF 1.02).
            content[13:18] = struct.pack(">BHH", 0, 1, 1)
        if content[:2] in (b"II", b"MM"):
            _set_unit(content)
            return
        found = _EXIF_START.search(content)
        if found is not None:
            _remove_entries(content, found.end())


def _set_unit(content: mmap.mmap) -> None:
    """Set a TIFF file's unit of resolution to "none"; resolution itself is a required tag."""
    order = "<" if content[:2] == b"II" else ">"
    is_big = struct.unpack_from(order + "H", content, 2)[0] != 42
    (directory,) = struct.unpack_from(order + ("Q" if is_big else "I"), content, 8 if is_big else 4)
    (count,) = struct.unpack_from(order + ("Q" if is_big else "H"), content, directory)
    at = directory + (8 if is_big else 2)
    for _ in range(count):
        if struct.unpack_from(order + "H", content, at)[0] == _BASE.ResolutionUnit:
            struct.pack_into(order + "H", content, at + (12 if is_big else 8), _ABSENT_UNIT)
        at += _BIG_ENTRY_BYTES if is_big else _ENTRY_BYTES


def _remove_entries(content: mmap.mmap, start: int) -> None:
    """Remove the resolution from the first directory of EXIF data at ``start``; values elsewhere stay unused."""
    order = "<" if content[start : start + 2] == b"II" else ">"
    (offset,) = struct.unpack_from(order + "I", content, start + 4)
    directory = start + offset
    (count,) = struct.unpack_from(order + "H", content, directory)
    first, end = directory + 2, directory + 2 + count * _ENTRY_BYTES
    entries = [content[at : at + _ENTRY_BYTES] for at in range(first, end, _ENTRY_BYTES)]
    kept = [entry for entry in entries if struct.unpack_from(order + "H", entry)[0] not in _RESOLUTION_TAGS]
    following = content[end : end + 4]
    content[directory : end + 4] = (struct.pack(order + "H", len(kept)) + b"".join(kept) + following).ljust(
        end + 4 - directory, b"\0"
    )

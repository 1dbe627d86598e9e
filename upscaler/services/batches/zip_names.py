"""The names in a ZIP archive, which has four ways to state them, and none that all packers use."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Sequence

from upscaler.filenames.encodings import DOS, WINDOWS, decoded

_IS_UTF8 = 0x800
# The header id of the extra field "Info-ZIP Unicode Path".
_UNICODE_PATH = 0x7075
_UNICODE_PATH_VERSION = 1


def names_of(entries: Sequence[zipfile.ZipInfo]) -> list[str]:
    """Return the path of each entry.

    It is UTF-8 where the entry says so, else what its Unicode path field holds, else UTF-8 where that is what the bytes
    are, else text in the likeliest code page of all such names together.
    """
    stated = [_stated(entry) for entry in entries]
    unclear = iter(
        decoded(
            [_raw(entry) for entry, name in zip(entries, stated, strict=True) if name is None], DOS + WINDOWS
        )
    )
    return [next(unclear) if name is None else name for name in stated]


def _stated(entry: zipfile.ZipInfo) -> str | None:
    """Return the name that an entry states beyond doubt, or None."""
    if entry.flag_bits & _IS_UTF8:
        return entry.orig_filename
    extra = entry.extra
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        if kind == _UNICODE_PATH:
            return _unicode_path(extra[4 : 4 + size], _raw(entry))
        extra = extra[4 + size :]
    return None


def _unicode_path(field: bytes, raw: bytes) -> str | None:
    """Return the name in a Unicode path field; None when it is damaged, or was written for another name."""
    if len(field) < 5 or field[0] != _UNICODE_PATH_VERSION:
        return None
    (checksum,) = struct.unpack_from("<I", field, 1)
    try:
        return field[5:].decode() if checksum == zlib.crc32(raw) else None
    except UnicodeDecodeError:
        return None


def _raw(entry: zipfile.ZipInfo) -> bytes:
    """Return the bytes of a name that is not marked as UTF-8: zipfile has decoded them as if they were cp437."""
    return entry.orig_filename.encode("cp437")

"""Unpacking of images from an untrusted ZIP file.

What the archive says of itself is not believed: bytes count as they are read, names lose their folders, and only the
plainest form of ZIP is opened.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from upscaler.errors import N_, BatchTooLarge, InvalidArchive, TooManyFiles
from upscaler.filenames.junk import is_hidden, is_junk
from upscaler.services.batches.zip_names import names_of
from upscaler.services.files.incoming import IncomingFile
from upscaler.services.files.names import readable_bytes, safe_filename
from upscaler.storage.base import as_ours

BLOCK_BYTES = 1 << 16
# The directory of an archive is read at once: a longer one would fill the memory. This one names some 10,000 files.
DIRECTORY_BYTES = 4 << 20

_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED = 0x1
# All that zipfile raises for files that are not archives, or truncated ones.
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError),
    *(ValueError, RuntimeError, LookupError, ArithmeticError),
)


@dataclass(frozen=True)
class UnpackLimits:
    """The limits of an archive: files, bytes of each, and bytes of all together."""

    files: int
    file_bytes: int
    total_bytes: int


def is_archive(path: Path) -> bool:
    """Return whether the first bytes are those of a ZIP archive; an image with an appended archive is an image."""
    with path.open("rb") as file:
        return file.read(4) in _MAGIC


def unpack(path: Path, folder: Path, limits: UnpackLimits) -> list[IncomingFile]:
    """Write the files of an archive into ``folder`` under generated names, and return them with their own.

    Folders, hidden files and what systems leave beside images are left out. A file that is larger than
    ``limits.file_bytes`` is read no further than that, so that the check of the file finds it too large.

    Raises:
        InvalidArchive: it is damaged, encrypted, packed in an unusual way, or holds no files.
        TooManyFiles, BatchTooLarge: it holds more than is allowed.
        StorageFull, StorageUnavailable: it cannot be written.
    """
    with _Archive(io.FileIO(path)) as file:
        with _readable():
            archive = zipfile.ZipFile(file)
        entries = archive.infolist()
        named = zip(entries, names_of(entries), strict=True)
        wanted = [(entry, name) for entry, name in named if _is_wanted(name)]
        _check([entry for entry, _ in wanted], limits)
        return list(_written(archive, wanted, folder, limits))


class _Archive(io.BufferedReader):
    """The archive's bytes, never more at once than a directory may have."""

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:
            return super().read(DIRECTORY_BYTES)
        if size > DIRECTORY_BYTES:
            raise InvalidArchive(N_("The ZIP file lists too many files. Pack fewer files."))
        return super().read(size)


@contextmanager
def _readable() -> Iterator[None]:
    """Turn the exceptions of zipfile into ``InvalidArchive``."""
    try:
        yield
    except _BROKEN:
        raise InvalidArchive from None


def _is_wanted(name: str) -> bool:
    return not (name.endswith(("/", "\\")) or is_hidden(name) or is_junk(name))


def _check(entries: list[zipfile.ZipInfo], limits: UnpackLimits) -> None:
    if not entries:
        raise InvalidArchive(N_("The ZIP file has no files in it. Add images and send it again."))
    if len(entries) > limits.files:
        raise TooManyFiles(limit=limits.files)
    for entry in entries:
        if entry.flag_bits & _ENCRYPTED:
            raise InvalidArchive(N_("The ZIP file is encrypted. Create it again without a password."))
        if entry.compress_type not in _METHODS:
            raise InvalidArchive(
                N_("The ZIP file uses an unsupported compression. Create it again as a standard ZIP file.")
            )


def _written(
    archive: zipfile.ZipFile,
    wanted: list[tuple[zipfile.ZipInfo, str]],
    folder: Path,
    limits: UnpackLimits,
) -> Iterator[IncomingFile]:
    total = 0
    for number, (entry, name) in enumerate(wanted):
        path = folder / str(number)
        try:
            with path.open("wb") as target:
                for block in _blocks(archive, entry, limits.file_bytes):
                    total += len(block)
                    if total > limits.total_bytes:
                        raise BatchTooLarge(limit=readable_bytes(limits.total_bytes))
                    target.write(block)
        except OSError as error:
            raise as_ours(error) from error
        yield IncomingFile(path, safe_filename(name))


def _blocks(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most_bytes: int) -> Iterator[bytes]:
    """Yield the content of an entry until it is longer than ``most_bytes``."""
    size = 0
    with _readable(), archive.open(entry) as source:
        while size <= most_bytes and (block := source.read(BLOCK_BYTES)):
            size += len(block)
            yield block

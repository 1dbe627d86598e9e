"""Results as one ZIP file, made while it is sent: only one block of one image is in memory at a time."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from upscaler.errors import FileGone
from upscaler.storage import Storage

BLOCK_BYTES = 1 << 16
MANIFEST = "manifest.json"
# Unpackers create readable files with these permissions.
_PLAIN_FILE = 0o100644 << 16


@dataclass(frozen=True)
class PackedFile:
    """A stored file and its name in the archive; its size in bytes is a hint."""

    key: str
    name: str
    size_bytes: int
    modified_at: datetime


def pack(
    storage: Storage, files: Sequence[PackedFile], manifest: Callable[[Collection[str]], bytes]
) -> Iterator[bytes]:
    """Yield the bytes of an archive of stored files, and last of the manifest.

    Nothing is compressed: images are already. ``manifest`` gets the names of files that no longer exist.

    Raises:
        StorageUnavailable: half of the archive may have been yielded by then, and it has no end.
    """
    sink, gone = _Sink(), set[str]()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for file in files:
            try:
                source = storage.open(file.key)
            except FileGone:
                gone.add(file.name)
                continue
            with source, archive.open(_entry(file), "w") as target:
                while block := source.read(BLOCK_BYTES):
                    target.write(block)
                    yield sink.taken()
        archive.writestr(MANIFEST, manifest(gone))
        yield sink.taken()
    yield sink.taken()


class _Sink(io.RawIOBase):
    """Buffers written bytes until they are taken. It cannot seek, so zipfile writes sizes behind the contents."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, block: Any) -> int:
        self._blocks.append(bytes(block))
        return len(block)

    def taken(self) -> bytes:
        """Return the bytes written since the last call."""
        together = b"".join(self._blocks)
        self._blocks.clear()
        return together


def _entry(file: PackedFile) -> zipfile.ZipInfo:
    # The format knows no years before 1980.
    moment = max(file.modified_at, datetime(1980, 1, 1, tzinfo=timezone.utc)).astimezone(timezone.utc)
    entry = zipfile.ZipInfo(file.name, moment.timetuple()[:6])
    entry.external_attr = _PLAIN_FILE
    # With it zipfile knows whether the format for files of more than 2 GiB is needed.
    entry.file_size = file.size_bytes
    return entry

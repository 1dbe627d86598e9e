"""What a place for pictures must be able to do. Keys are relative paths such as ``uploads/3f/3fa9….png``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

_KEY = re.compile(r"[a-z0-9][a-z0-9_-]*(/[A-Za-z0-9][A-Za-z0-9_-]*)*\.[a-z0-9]{1,5}")


@dataclass(frozen=True)
class StoredFile:
    """A stored file: its size in bytes and the time of its last change in seconds since 1970."""

    size_bytes: int
    modified_at: float


class Storage(Protocol):
    """A place for pictures. Every call may raise ``ServiceUnavailable``; writing may raise ``StorageFull``."""

    def save(self, key: str, source: Path) -> None:
        """Store the file ``source`` under ``key``, whole or not at all; ``source`` may be moved away."""

    def open(self, key: str) -> BinaryIO:
        """Open a stored file for reading; raise ``FileGone`` when there is none."""

    def fetch(self, key: str, target: Path) -> None:
        """Copy a stored file to ``target``; raise ``FileGone`` when there is none."""

    def stat(self, key: str) -> StoredFile:
        """Describe a stored file; raise ``FileGone`` when there is none."""

    def delete(self, key: str) -> None:
        """Remove a stored file; removing one that is not there is no error."""

    def used_bytes(self) -> int:
        """Measure what the stored files take; slow when there are many."""

    def free_percent(self) -> float:
        """Return the share of the space that is still free, in percent."""


def checked_key(key: str) -> str:
    """Return ``key`` if it is a plain relative path; raise ``ValueError`` otherwise."""
    if not _KEY.fullmatch(key):
        raise ValueError(f"not a storage key: {key!r}")
    return key


def make_key(folder: str, name: str, extension: str) -> str:
    """Build a key, spread over 256 folders by the first two characters of the name's random part."""
    shard = name.rpartition("_")[2][:2]
    return checked_key(f"{folder}/{shard}/{name}.{extension}")

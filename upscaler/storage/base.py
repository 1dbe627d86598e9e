"""Interface of a storage. Keys are relative paths such as ``uploads/3f/3fa9….png``."""

from __future__ import annotations

import errno
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from upscaler.errors import FileGone, StorageFull, StorageUnavailable, UpscalerError

_KEY = re.compile(r"[a-z0-9][a-z0-9_-]*(/[A-Za-z0-9][A-Za-z0-9_-]*)*\.[a-z0-9]{1,5}")
_FULL = {errno.ENOSPC, errno.EDQUOT}


class StorageSettingsError(Exception):
    """The settings lead to no usable storage. The text is one line that says why and what to do."""


@dataclass(frozen=True)
class StoredFile:
    """A stored file: its size in bytes and the time of its last change in seconds since 1970."""

    size_bytes: int
    modified_at: float


@dataclass(frozen=True)
class Presentation:
    """Headers that a browser receives with a file: the values of ``Content-Type`` and ``Content-Disposition``."""

    content_type: str
    disposition: str


class Storage(Protocol):
    """A place for images. Every call may raise ``StorageUnavailable``; writing may raise ``StorageFull``."""

    @property
    def location(self) -> str:
        """The folder or the service that holds the files, for messages to the operator."""

    @property
    def public_origin(self) -> str | None:
        """Origin that browsers fetch files from directly, such as ``https://files.example.org``, or None."""

    def check(self) -> None:
        """Raise ``StorageSettingsError`` when the settings are at fault, ``StorageUnavailable`` in an outage."""

    def save(self, key: str, source: Path) -> None:
        """Store the file ``source`` under ``key``, whole or not at all; ``source`` may be moved away."""

    def open(self, key: str, start: int = 0, stop: int | None = None) -> BinaryIO:
        """Open a stored file for reading from byte ``start`` on; raise ``FileGone`` when there is none.

        With ``stop``, the caller reads no further than that byte, so that the rest need not be fetched.
        """

    def fetch(self, key: str, target: Path) -> str:
        """Copy a stored file to ``target``, whole or not at all; raise ``FileGone`` when there is none.

        Returns the SHA-256 of what was copied, in hexadecimal.
        """

    def stat(self, key: str) -> StoredFile:
        """Describe a stored file; raise ``FileGone`` when there is none."""

    def delete(self, key: str) -> None:
        """Remove a stored file; removing one that is not there is no error."""

    def link(self, key: str, shown: Presentation, seconds: int) -> str | None:
        """Return an address that opens the file without us for ``seconds``; None where files pass through us."""

    def used_bytes(self) -> int:
        """Measure what the stored files take; slow when there are many."""

    def free_percent(self) -> float | None:
        """Return the share of the space that is still free, in percent; None where there is no fixed space."""


def checked_key(key: str) -> str:
    """Return ``key`` if it is a plain relative path; raise ``ValueError`` otherwise."""
    if not _KEY.fullmatch(key):
        raise ValueError(f"not a storage key: {key!r}")
    return key


def make_key(folder: str, name: str, extension: str) -> str:
    """Build a key, spread over 256 folders by the first two characters of the name's random part."""
    shard = name.rpartition("_")[2][:2]
    return checked_key(f"{folder}/{shard}/{name}.{extension}")


def as_ours(error: OSError) -> UpscalerError:
    """Return our error for one of the operating system."""
    if isinstance(error, FileNotFoundError):
        return FileGone()
    return StorageFull() if error.errno in _FULL else StorageUnavailable()

"""Originals on their way to the engine: each has to be the file that was stored, byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from upscaler.errors import FileGone, StoredFileDamaged

log = structlog.get_logger()

# A copy may have been damaged on its way; a storage that gives wrong bytes twice will give them again.
READS = 2


@dataclass(frozen=True)
class Original:
    """A stored original: its key, and the SHA-256 and the size in bytes of the file that was accepted."""

    key: str
    sha256: str
    size_bytes: int


def fetch_original(fetch: Callable[[str, Path], str], original: Original, target: Path) -> None:
    """Copy an original to ``target`` and compare it with what was stored.

    Args:
        fetch: copies the file of a key to a path and returns its SHA-256, as ``Storage.fetch`` does.
        original: the file that was accepted.
        target: the copy.

    Raises:
        StoredFileDamaged: the stored file is missing or another one.

    """
    found = ""
    for _ in range(READS):
        try:
            found = fetch(original.key, target)
        except FileGone as error:
            raise _damaged(original, "no file", 0) from error
        if found == original.sha256:
            return
        log.warning("original.read_damaged", storage_key=original.key, found_sha256=found)
    raise _damaged(original, found, target.stat().st_size)


def _damaged(original: Original, found: str, size_bytes: int) -> StoredFileDamaged:
    return StoredFileDamaged(
        reason=f"{original.key}: expected SHA-256 {original.sha256}, {original.size_bytes} bytes; "
        f"found {found}, {size_bytes} bytes",
        storage_key=original.key,
        expected_sha256=original.sha256,
        found_sha256=found,
    )

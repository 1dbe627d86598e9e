"""Copies of stored files on the local disk, hashed while they are written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


class Receiver:
    """A file that is written from its beginning to its end. It cannot be sought in: each byte is hashed as it comes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        """Add bytes at the end."""
        self._digest.update(data)
        return self._file.write(data)

    @property
    def sha256(self) -> str:
        """The hash of what was written, in hexadecimal."""
        return self._digest.hexdigest()


@contextmanager
def receiver(target: Path) -> Iterator[Receiver]:
    """Yield a receiver of the file ``target``, which appears when it is complete, or not at all."""
    partial = target.with_name(f"{target.name}.part")
    try:
        with partial.open("wb") as file:
            yield Receiver(file)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)

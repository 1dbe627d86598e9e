"""Parts of a file and bytes of one's own, read as if they were one file."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import IO, Any

# Offset and length of a range of a file in bytes, or bytes that are not in it.
Part = tuple[int, int] | bytes


class FileParts(io.RawIOBase):
    """Parts, one behind the other.

    Args:
        file: to read; it is not closed.
        parts: ranges of it, and other bytes.
    """

    def __init__(self, file: IO[bytes], parts: Sequence[Part]) -> None:
        self._file = file
        self._parts = parts
        self._ends = list(accumulate(len(part) if isinstance(part, bytes) else part[1] for part in parts))
        self._at = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move to a position, as files do."""
        base = {0: 0, 1: self._at, 2: self._ends[-1] if self._ends else 0}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Return the position."""
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Read at most what is left of one part."""
        target = memoryview(buffer).cast("B")
        number = bisect_right(self._ends, self._at)
        if number == len(self._ends) or not len(target):
            return 0
        part = self._parts[number]
        place = self._at - (self._ends[number - 1] if number else 0)
        size = min(len(target), self._ends[number] - self._at)
        if isinstance(part, bytes):
            data = part[place : place + size]
        else:
            self._file.seek(part[0] + place)
            data = self._file.read(size)
        target[: len(data)] = data
        self._at += len(data)
        return len(data)

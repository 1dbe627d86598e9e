"""Parts of a file, read as if they were one file."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import IO, Any


class FileParts(io.RawIOBase):
    """Byte ranges of a file, one behind the other.

    Args:
        file: to read; it is not closed.
        parts: (offset, length) of each range in bytes.
    """

    def __init__(self, file: IO[bytes], parts: Sequence[tuple[int, int]]) -> None:
        self._file = file
        self._offsets = [offset for offset, _ in parts]
        self._ends = list(accumulate(length for _, length in parts))
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
        """Read at most what is left of one range."""
        target = memoryview(buffer).cast("B")
        part = bisect_right(self._ends, self._at)
        if part == len(self._ends) or not len(target):
            return 0
        start = self._ends[part - 1] if part else 0
        self._file.seek(self._offsets[part] + self._at - start)
        data = self._file.read(min(len(target), self._ends[part] - self._at))
        target[: len(data)] = data
        self._at += len(data)
        return len(data)

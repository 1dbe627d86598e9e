"""Arrays in files, for results that are larger than memory; on request in a tile cache that outlives the process.

A file of the cache holds the upscaled image as far as it has come. Beside it lies a log of the finished tiles, with a
key of their inputs. The next process with the same key resumes from them.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from upscaler.engine.imaging.image import Pixels
from upscaler.engine.result import Checkpoint

Tile = tuple[int, int]

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class TileLog(Protocol):
    """The log of the finished tiles of one upscaled image."""

    @property
    def remembers(self) -> bool:
        """Whether it keeps anything; where not, no key is needed."""

    def begin(self, key: str) -> frozenset[Tile]:
        """Return the tiles that are there already with the same ``key``; forget all others."""

    def note(self, tile: Tile) -> None:
        """Add a finished tile, by its row and column."""


class NoTileLog:
    """A log that keeps nothing."""

    remembers = False

    def begin(self, key: str) -> frozenset[Tile]:  # noqa: ARG002 - see TileLog
        """Return no tile."""
        return frozenset()

    def note(self, tile: Tile) -> None:
        """Do nothing."""


class FileTileLog:
    """A text file: the key in its first line, then a line for each tile.

    A line is whole or torn: it is written with one call, and only once the tile's pixels are in the mapped file, which
    the kernel keeps when the process dies. A restart of the machine may lose pixels of logged tiles, so the machine's
    boot id is part of the key.
    """

    remembers = True

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.resumed = 0

    def begin(self, key: str) -> frozenset[Tile]:
        """Read the log, or start the file anew."""
        full_key = f"{key} {_boot()}"
        lines = os.pread(self._descriptor, os.fstat(self._descriptor).st_size, 0).decode().split("\n")
        # The rest behind the last line's end is empty or torn.
        known = frozenset(filter(None, map(_tile, lines[1:-1]))) if lines[0] == full_key else frozenset()
        os.ftruncate(self._descriptor, 0)
        lines_kept = [full_key, *(f"{row} {column}" for row, column in sorted(known))]
        os.write(self._descriptor, "".join(f"{line}\n" for line in lines_kept).encode())
        self.resumed = len(known)
        return known

    def note(self, tile: Tile) -> None:
        """Add a line."""
        os.write(self._descriptor, f"{tile[0]} {tile[1]}\n".encode())


@dataclass(frozen=True)
class ScratchPixels:
    """An array in a file, and the log of its tiles."""

    pixels: Pixels
    tiles: TileLog


class Scratch:
    """The arrays of one upscaled image.

    Args:
        directory: the folder of files without a name.
        checkpoint: the tile cache, which outlives this process, or None.
    """

    def __init__(self, directory: Path, checkpoint: Checkpoint | None = None) -> None:
        self._directory = directory
        self._checkpoint = checkpoint
        self._cached_bytes = 0
        self._logs: list[FileTileLog] = []
        self._locks: list[int] = []

    @property
    def resumed_tiles(self) -> int:
        """Number of tiles that a process before this one finished."""
        return sum(log.resumed for log in self._logs)

    def pixels(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Pixels:
        """Return an array of zeros that ends with the process; see ``scratch_pixels``."""
        return scratch_pixels(shape, self._directory, dtype)

    def tiles(self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> ScratchPixels:
        """Return an array for tiles, with those that an earlier process finished under that name.

        Where the cache has no room for them, or another process uses it, they end with this process.
        """
        size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        if self._checkpoint is None or self._cached_bytes + size > self._checkpoint.limit_bytes:
            return ScratchPixels(self.pixels(shape, dtype), NoTileLog())
        self._checkpoint.folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(
            self._checkpoint.folder / f"{name}.tiles",
            os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC,
            0o600,
        )
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return ScratchPixels(self.pixels(shape, dtype), NoTileLog())
        self._locks.append(descriptor)
        log = FileTileLog(descriptor)
        path = self._checkpoint.folder / f"{name}.pixels"
        if not path.exists() or path.stat().st_size != size:
            # Tiles of another size are of no use, nor is their log.
            os.ftruncate(descriptor, 0)
            path.unlink(missing_ok=True)
        with path.open("r+b" if path.exists() else "w+b") as file:
            reserved = _mapped(file, shape, dtype)
        self._logs.append(log)
        self._cached_bytes += size
        return ScratchPixels(reserved, log)

    def close(self) -> None:
        """Release the tile cache for others. The arrays stay as long as they are in use."""
        for descriptor in self._locks:
            os.close(descriptor)
        self._locks.clear()


def is_in_use(folder: Path) -> bool:
    """Return whether a process uses the tile cache in a folder."""
    for path in folder.glob("*.tiles"):
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            finally:
                os.close(descriptor)
    return False


def scratch_pixels(
    shape: tuple[int, ...], directory: Path, dtype: np.dtype[np.unsignedinteger[Any]] | None = None
) -> Pixels:
    """Return an array of that shape and type (uint8 if None), zeros, backed by a temporary file in ``directory``.

    The file has no name, so nothing is left behind however the process ends.
    """
    with tempfile.TemporaryFile(dir=directory) as file:
        return _mapped(file, shape, np.dtype(np.uint8) if dtype is None else dtype)


def _mapped(file: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Pixels:
    """Map a file that is empty or of the right size.

    Its blocks are reserved at once: writing to a mapped file on a full disk would otherwise end the process with
    SIGBUS instead of raising ``OSError``.
    """
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), 0, size)
    else:
        os.ftruncate(file.fileno(), size)
    return np.memmap(file, dtype=dtype, mode="r+", shape=shape)


def _tile(line: str) -> Tile | None:
    row, _, column = line.partition(" ")
    return (int(row), int(column)) if row.isdecimal() and column.isdecimal() else None


def _boot() -> str:
    return _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else ""

"""Pictures on a local disk."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from upscaler.errors import FileGone, ServiceUnavailable, StorageFull
from upscaler.storage.base import StoredFile, checked_key

_FULL = {errno.ENOSPC, errno.EDQUOT}


class LocalStorage:
    """Keep files below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def save(self, key: str, source: Path) -> None:
        """Move the file into place; across file systems, copy it there first."""
        target = self._path(key)
        with _translated():
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                source.replace(target)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                self._copy(source, target)

    def open(self, key: str) -> BinaryIO:
        """Open the file for reading."""
        with _translated():
            return self._path(key).open("rb")

    def fetch(self, key: str, target: Path) -> None:
        """Copy the file."""
        with _translated():
            shutil.copyfile(self._path(key), target)

    def stat(self, key: str) -> StoredFile:
        """Ask the file system."""
        with _translated():
            found = self._path(key).stat()
        return StoredFile(size_bytes=found.st_size, modified_at=found.st_mtime)

    def delete(self, key: str) -> None:
        """Remove the file if it is there."""
        with _translated():
            self._path(key).unlink(missing_ok=True)

    def used_bytes(self) -> int:
        """Walk the folder and add up."""
        with _translated():
            self.root.mkdir(parents=True, exist_ok=True)
            return sum(entry.stat().st_size for entry in _files(self.root))

    def free_percent(self) -> float:
        """Ask the file system."""
        with _translated():
            self.root.mkdir(parents=True, exist_ok=True)
            disk = shutil.disk_usage(self.root)
        return round(100 * disk.free / disk.total, 1)

    def _path(self, key: str) -> Path:
        return self.root / checked_key(key)

    def _copy(self, source: Path, target: Path) -> None:
        # Across file systems a move is a copy: make it beside the target, so that nobody sees half a file.
        partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        try:
            shutil.copyfile(source, partial)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        source.unlink()


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                yield entry


@contextmanager
def _translated() -> Iterator[None]:
    """Turn errors of the operating system into ours."""
    try:
        yield
    except FileNotFoundError as error:
        raise FileGone from error
    except OSError as error:
        raise (StorageFull if error.errno in _FULL else ServiceUnavailable)() from error

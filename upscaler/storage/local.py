"""Images on a local disk."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from upscaler.storage.base import Presentation, StoredFile, as_ours, checked_key
from upscaler.storage.receiving import receiver

# Bytes of a file that are copied at once.
_COPY_BYTES = 1 << 20


class Settings(Protocol):
    """The settings that this backend reads."""

    @property
    def files_dir(self) -> Path:
        """The folder for all files."""


def from_settings(settings: Settings, role: str) -> LocalStorage:  # noqa: ARG001 - a disk answers both alike
    """Open the storage in the folder that the settings name."""
    return LocalStorage(settings.files_dir)


class LocalStorage:
    """Keep files below one folder."""

    public_origin = None

    def __init__(self, root: Path) -> None:
        self.root = root
        self.location = str(root)

    def check(self) -> None:
        """Make the folder."""
        with _translated():
            self.root.mkdir(parents=True, exist_ok=True)

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

    def open(self, key: str, start: int = 0, stop: int | None = None) -> BinaryIO:  # noqa: ARG002 - see Storage
        """Open the file and go to ``start``."""
        with _translated():
            file = self._path(key).open("rb")
            file.seek(start)
            return file

    def fetch(self, key: str, target: Path) -> str:
        """Copy the file."""
        with _translated(), self._path(key).open("rb") as file, receiver(target) as copy:
            shutil.copyfileobj(file, copy, _COPY_BYTES)
            return copy.sha256

    def stat(self, key: str) -> StoredFile:
        """Ask the file system."""
        with _translated():
            found = self._path(key).stat()
        return StoredFile(size_bytes=found.st_size, modified_at=found.st_mtime)

    def delete(self, key: str) -> None:
        """Remove the file if it is there."""
        with _translated():
            self._path(key).unlink(missing_ok=True)

    def link(self, key: str, shown: Presentation, seconds: int) -> None:
        """Return None: files on our disk are sent by us."""

    def used_bytes(self) -> int:
        """Walk the folder and add up."""
        with _translated():
            self.root.mkdir(parents=True, exist_ok=True)
            return sum(entry.stat().st_size for entry in _files(self.root))

    def free_percent(self) -> float:
        """Ask the file system."""
        return disk_free_percent(self.root)

    def _path(self, key: str) -> Path:
        return self.root / checked_key(key)

    def _copy(self, source: Path, target: Path) -> None:
        # Across file systems a move is a copy: make it beside the target, so that half a file is never visible.
        partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        try:
            shutil.copyfile(source, partial)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        source.unlink()


def disk_free_percent(folder: Path) -> float:
    """Return the share of a folder's disk that is free, in percent; the folder is made when it is missing."""
    with _translated():
        folder.mkdir(parents=True, exist_ok=True)
        disk = shutil.disk_usage(folder)
    return round(100 * disk.free / disk.total, 1)


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
    except OSError as error:
        raise as_ours(error) from error

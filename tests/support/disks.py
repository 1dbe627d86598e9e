"""A small disk of its own for a test, which can be filled up."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

_BLOCK = bytes(1 << 16)
# Pause between two looks for space that others have freed, in seconds.
LOOK_SECONDS = 0.01


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Mount a disk in memory on ``folder``; skip the test where that is not allowed."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("a small disk can be mounted by root on Linux only")
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def filled_up(folder: Path, spare_bytes: int = 0) -> Iterator[None]:
    """Take all the room on the disk of ``folder`` for a while, save for so many bytes."""
    with _ballast(folder) as file:
        _fill(file)
        file.truncate(max(0, file.tell() - spare_bytes))
        yield


@contextmanager
def kept_full(folder: Path) -> Iterator[None]:
    """Fill the disk of ``folder`` for a while, including space that others free meanwhile."""
    done = threading.Event()

    def fill_on(file: IO[bytes]) -> None:
        while not done.wait(LOOK_SECONDS):
            _fill(file)

    with _ballast(folder) as file:
        _fill(file)
        thread = threading.Thread(target=fill_on, args=(file,), name="ballast", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


@contextmanager
def _ballast(folder: Path) -> Iterator[IO[bytes]]:
    ballast = folder / "ballast"
    try:
        # Without a buffer: data that no longer fits must not be written again when the file is closed.
        with ballast.open("wb", buffering=0) as file:
            yield file
    finally:
        ballast.unlink()


def _fill(file: IO[bytes]) -> None:
    with contextlib.suppress(OSError):
        free = shutil.disk_usage(Path(file.name).parent).free
        if free > 0:
            os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), free)
            file.seek(0, os.SEEK_END)
        while True:
            file.write(_BLOCK)

"""The folder for files that a process works on, removed also when the process is killed.

Each process has a folder of its own, locked for as long as it lives: the system releases the lock however it ends. A
folder whose lock is free was left by a process that has died, and the next process that looks removes it.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import shutil
import tempfile
import threading
import time
from pathlib import Path

import structlog

log = structlog.get_logger()

_PREFIX = "process-"
_LOCK = ".lock"
# A folder is locked within moments of its making; one without a lock is left alone for this long, in seconds.
GRACE_SECONDS = 10.0


class Workspace:
    """The folder of this process, made on first use below ``root``."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._making = threading.Lock()
        self._folder: Path | None = None

    @property
    def folder(self) -> Path:
        """The folder. It is removed when the process ends, or by another one if this process is killed."""
        with self._making:
            if self._folder is None or not self._folder.exists():
                self._make()
            assert self._folder is not None  # noqa: S101 - it was made; mypy cannot know
            return self._folder

    def _make(self) -> None:
        self._root.mkdir(parents=True, exist_ok=True)
        remove_abandoned(self._root)
        if self._folder is None:
            folder = Path(tempfile.mkdtemp(dir=self._root, prefix=_PREFIX))
        else:
            # Somebody removed it; child processes were told this path.
            folder = self._folder
            folder.mkdir(mode=0o700, exist_ok=True)
        lock = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        atexit.register(_remove, folder, os.getpid())
        self._folder = folder


def remove_abandoned(root: Path, grace_seconds: float = GRACE_SECONDS) -> None:
    """Remove the folders below ``root`` whose processes have died. Safe in several processes at once.

    A folder that changed less than ``grace_seconds`` ago is left alone: it may have been made and not locked yet.
    """
    for folder in root.glob(f"{_PREFIX}*"):
        # Another process may have removed it meanwhile.
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > grace_seconds:
                _remove_if_abandoned(folder)


def remove_abandoned_later(root: Path) -> None:
    """Remove abandoned folders once, in the background, when those of processes that died before now are old enough.

    For processes that replace killed ones: where only pages are served, no other process looks.
    """
    timer = threading.Timer(GRACE_SECONDS + 1, remove_abandoned, [root, GRACE_SECONDS])
    timer.daemon = True
    timer.start()


def _remove_if_abandoned(folder: Path) -> None:
    lock = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    else:
        log.info("scratch.abandoned_removed", folder=folder.name)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)


def _remove(folder: Path, owner: int) -> None:
    # A process that was forked meanwhile shares the folder and does not own it. The lock goes with the process.
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)

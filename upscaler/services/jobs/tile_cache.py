"""The tile cache: finished tiles of jobs that have not ended, from which the next attempt on this host resumes.

Another host starts from the original: the result is the same, and takes longer.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from upscaler.engine.result import Checkpoint
from upscaler.engine.tiling.scratch import is_in_use
from upscaler.models import ENDED, Job

log = structlog.get_logger()

# The unit of ``st_blocks``, in bytes.
_BLOCK = 512


class TileCache:
    """The tiles on this host, in a folder for each job.

    Args:
        root: the folder of those folders.
        limit_bytes: disk space that they may take; 0 for no cache.
    """

    def __init__(self, root: Path, limit_bytes: int) -> None:
        self._root = root
        self._limit_bytes = limit_bytes

    def checkpoint(self, job_id: str) -> Checkpoint | None:
        """Return where the engine is to write the tiles of a job; None for nowhere."""
        return Checkpoint(self._root / job_id, self._limit_bytes) if self._limit_bytes else None

    def remove(self, job_id: str) -> None:
        """Remove the tiles of a job that has ended."""
        shutil.rmtree(self._root / job_id, ignore_errors=True)

    def collect(self, session: Session) -> None:
        """Remove the tiles of ended jobs, and the oldest ones beyond the limit; safe in several processes at once."""
        folders = [folder for folder in self._root.glob("*") if not is_in_use(folder)]
        if not folders:
            return
        waiting = set(
            session.scalars(
                select(Job.id).where(
                    Job.id.in_([folder.name for folder in folders]), Job.status.not_in(_ENDED)
                )
            )
        )
        session.commit()
        left = self._limit_bytes
        for folder in sorted(folders, key=_changed_at, reverse=True):
            is_waiting = folder.name in waiting
            left -= _size_bytes(folder) if is_waiting else 0
            if not is_waiting or left < 0:
                log.info("tiles.removed", job_id=folder.name, ended=not is_waiting)
                self.remove(folder.name)


_ENDED = [status.value for status in ENDED]


def _changed_at(folder: Path) -> float:
    return max((path.stat().st_mtime for path in (folder, *folder.glob("*")) if path.exists()), default=0.0)


def _size_bytes(folder: Path) -> int:
    return sum(path.stat().st_blocks * _BLOCK for path in folder.glob("*") if path.exists())

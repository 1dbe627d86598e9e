"""Parts of a worker that take no time or fail on demand: an engine, a storage and a queue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from upscaler.engine.options import UpscaleOptions
from upscaler.engine.process.client import Previews, UpscaleResult
from upscaler.errors import StorageUnavailable
from upscaler.models import Job
from upscaler.storage import LocalStorage

BACKEND = {"engine": "copying", "device": "a CPU", "precision": "fp32", "version": "1"}


class CopyingEngine:
    """Takes no time: the result is the original."""

    log_tail = ""

    def __init__(self) -> None:
        self.runs = 0
        self.resumed_tiles = 0
        self.sources: list[str] = []

    def upscale(
        self, source: Path, target: Path, previews: Previews | None, _options: UpscaleOptions, **_: Any
    ) -> UpscaleResult:
        self.runs += 1
        self.sources.append(source.name)
        content = source.read_bytes()
        assert previews is not None
        for path in (target, previews.result, previews.original):
            path.write_bytes(content)
        receipt = {"backend": BACKEND, "model": "what-ran", "resumed_tiles": self.resumed_tiles, "steps": {}}
        return UpscaleResult(receipt, 2, 2, len(content), "image/png", "0" * 64)


class MovingStorage(LocalStorage):
    """A disk that is away for the next ``away`` calls, of those that are named."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.away: dict[str, int] = {}

    def _come(self, call: str) -> None:
        if self.away.get(call, 0) > 0:
            self.away[call] -= 1
            raise StorageUnavailable

    def fetch(self, key: str, target: Path) -> str:
        self._come("fetch")
        return super().fetch(key, target)

    def save(self, key: str, source: Path) -> None:
        self._come("save")
        super().save(key, source)

    def delete(self, key: str) -> None:
        self._come("delete")
        super().delete(key)


class ListQueue:
    """A queue in memory."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    def enqueue(self, job_id: str) -> None:
        self.ids.append(job_id)

    def pending(self) -> int:
        return len(self.ids)


def reread(session: Session, job: Job) -> Job:
    """Return a job as the database has it now."""
    session.expire_all()
    return session.get_one(Job, job.id)

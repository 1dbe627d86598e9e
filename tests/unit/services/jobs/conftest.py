"""A worker with an engine that copies, and a storage that goes away."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from tests.support.worker_parts import CopyingEngine, ListQueue, MovingStorage
from upscaler.models import Job
from upscaler.services.files.workspace import Workspace
from upscaler.services.jobs import runner
from upscaler.services.jobs.runner import Folders, JobRunner
from upscaler.services.jobs.tile_cache import TileCache


@pytest.fixture
def storage(tmp_path: Path) -> MovingStorage:
    return MovingStorage(tmp_path / "files")


@pytest.fixture
def engine() -> CopyingEngine:
    return CopyingEngine()


@pytest.fixture
def queue() -> ListQueue:
    return ListQueue()


@pytest.fixture
def job(new_job: Callable[..., Job], db_session: Session, storage: MovingStorage, tmp_path: Path) -> Job:
    """A queued job whose original is stored."""
    job = new_job()
    job.upload.storage_path = "uploads/ab/upl_ab.png"
    job.upload.sha256, job.upload.size_bytes = hashlib.sha256(b"pixels").hexdigest(), 6
    db_session.commit()
    (tmp_path / "original").write_bytes(b"pixels")
    storage.save(job.upload.storage_path, tmp_path / "original")
    return job


@pytest.fixture
def worker(
    database: Engine,
    storage: MovingStorage,
    engine: CopyingEngine,
    queue: ListQueue,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> JobRunner:
    monkeypatch.setattr(runner, "STORAGE_PAUSES", (0.01, 0.01, 0.01))
    return JobRunner(
        sessionmaker(database, expire_on_commit=False),
        storage,
        engine,
        queue,
        worker_id="one",
        folders=Folders(
            Workspace(tmp_path / "scratch"), TileCache(tmp_path / "tiles", 10**9), tmp_path / "models"
        ),
        lease_seconds=60,
        max_attempts=3,
    )

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy.orm import Session

from upscaler.engine.tiling.scratch import Scratch
from upscaler.models import Job
from upscaler.services.jobs import lifecycle
from upscaler.services.jobs.tile_cache import TileCache

NewJob = Callable[..., Job]

LIMIT = 1 << 20


@pytest.fixture
def cache(tmp_path: Path) -> TileCache:
    return TileCache(tmp_path / "tiles", LIMIT)


def keep(cache: TileCache, job_id: str, folder: Path, age: float = 0.0) -> Scratch:
    """Keep an array of 300 kB for a job, which changed that many seconds ago."""
    checkpoint = cache.checkpoint(job_id)
    assert checkpoint is not None
    scratch = Scratch(folder, checkpoint)
    scratch.tiles("colour-0", (300, 1000, 1), np.dtype(np.uint8)).tiles.begin("a key")
    for path in (*checkpoint.folder.iterdir(), checkpoint.folder):
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - age))
    return scratch


def names(tmp_path: Path) -> set[str]:
    return {path.name for path in (tmp_path / "tiles").iterdir()}


def test_tiles_of_ended_and_unknown_jobs_are_removed(
    cache: TileCache, new_job: NewJob, db_session: Session, tmp_path: Path
) -> None:
    waiting, canceled = new_job(), new_job()
    for job_id in (waiting.id, canceled.id, "job_that_was_deleted"):
        keep(cache, job_id, tmp_path).close()
    lifecycle.cancel(db_session, canceled.id, "by a test")

    cache.collect(db_session)

    assert names(tmp_path) == {waiting.id}


def test_the_oldest_go_when_there_are_too_many(
    cache: TileCache, new_job: NewJob, db_session: Session, tmp_path: Path
) -> None:
    ids = [new_job().id for _ in range(5)]
    for age, job_id in enumerate(ids):
        keep(cache, job_id, tmp_path, age * 100).close()

    cache.collect(db_session)

    assert names(tmp_path) == set(ids[:3])


def test_what_is_in_use_is_left_alone(cache: TileCache, db_session: Session, tmp_path: Path) -> None:
    at_work = keep(cache, "job_at_work", tmp_path)

    cache.collect(db_session)
    assert names(tmp_path) == {"job_at_work"}
    at_work.close()
    cache.collect(db_session)

    assert names(tmp_path) == set()


def test_no_room_keeps_nothing(tmp_path: Path, db_session: Session) -> None:
    cache = TileCache(tmp_path / "tiles", 0)

    assert cache.checkpoint("job_ab") is None
    cache.collect(db_session)


def test_room_that_ended_jobs_give_back_is_not_taken_from_those_that_wait(
    cache: TileCache, new_job: NewJob, db_session: Session, tmp_path: Path
) -> None:
    waiting = [new_job().id for _ in range(2)]
    for age, job_id in enumerate((*waiting, "job_that_ended", "job_that_was_deleted")):
        keep(cache, job_id, tmp_path, 100 - age).close()

    cache.collect(db_session)

    assert names(tmp_path) == set(waiting)

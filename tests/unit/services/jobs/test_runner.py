"""A worker's job while the storage or the database is away."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from tests.support.face_models import write_face_model
from tests.support.worker_parts import BACKEND, CopyingEngine, ListQueue, MovingStorage
from upscaler.engine.model_import.probe import ProbeLimits
from upscaler.engine.model_zoo.model_folder import ModelFolder
from upscaler.engine.model_zoo.recipe_builder import recipe_for
from upscaler.engine.options import UpscaleOptions
from upscaler.errors import StorageFull
from upscaler.models import Job, utcnow
from upscaler.services.audit import Actor
from upscaler.services.files.workspace import Workspace
from upscaler.services.jobs import heartbeat, lifecycle, reaper, runner, workers
from upscaler.services.jobs.runner import Folders, JobRunner
from upscaler.services.jobs.tile_cache import TileCache
from upscaler.services.models.custom_models import CustomModels

NewJob = Callable[..., Job]


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
def job(new_job: NewJob, db_session: Session, storage: MovingStorage, tmp_path: Path) -> Job:
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


@pytest.mark.parametrize(("resumed_tiles", "measured"), [(0, True), (3, False)])
def test_estimates_learn_from_what_was_done_from_start_to_end(
    worker: JobRunner,
    engine: CopyingEngine,
    job: Job,
    db_session: Session,
    resumed_tiles: int,
    measured: bool,
) -> None:
    engine.resumed_tiles = resumed_tiles

    worker.run_next()

    found = reread(db_session, job)
    assert found.device == "copying fp32 on a CPU"
    assert (found.work_seconds is not None) is measured


def test_a_completed_job_names_what_really_ran_beside_what_was_chosen(
    worker: JobRunner, job: Job, db_session: Session
) -> None:
    chosen = job.model

    worker.run_next()

    found = reread(db_session, job)
    assert (found.recipe, found.model) == (chosen, "what-ran")


def test_a_job_that_has_begun_is_reckoned_by_the_device_it_runs_on(
    worker: JobRunner, job: Job, new_job: NewJob, db_session: Session
) -> None:
    work = {"status": "completed", "finished_at": utcnow()}
    jobs = [
        new_job(**work, work_seconds=7, device="copying fp32 on a CPU"),
        new_job(**work, work_seconds=70, device="another one"),
    ]
    for done in jobs:
        done.recipe = recipe_for(UpscaleOptions("2x")).name
    db_session.commit()
    workers.register(db_session, "one", version="1", backend=BACKEND, job_id=None)

    worker.run_next()

    assert reread(db_session, job).estimated_seconds == 7


@pytest.mark.parametrize(
    ("filename", "source"),
    [("cat.JPG", "source.jpg"), ("Mr. Smith", "source.png"), ("../x.sh", "source.png")],
)
def test_the_engine_sees_what_the_name_claims(
    worker: JobRunner, engine: CopyingEngine, job: Job, db_session: Session, filename: str, source: str
) -> None:
    job.upload.original_filename = filename
    db_session.commit()

    worker.run_next()

    assert engine.sources == [source]


def reread(session: Session, job: Job) -> Job:
    session.expire_all()
    return session.get_one(Job, job.id)


@pytest.mark.parametrize("damage", ["a flipped bit", "cut off", "missing"])
def test_a_damaged_original_ends_the_job_at_once_and_leaves_a_trace(
    worker: JobRunner,
    engine: CopyingEngine,
    queue: ListQueue,
    job: Job,
    db_session: Session,
    storage: MovingStorage,
    damage: str,
) -> None:
    stored = storage.root / job.upload.storage_path
    if damage == "missing":
        stored.unlink()
    else:
        stored.write_bytes(b"pixelr" if damage == "a flipped bit" else b"pixel")

    with structlog.testing.capture_logs() as logs:
        worker.run_next()

    found = reread(db_session, job)
    assert (found.status, found.error_code, found.attempts) == ("failed", "stored_file_damaged", 1)
    assert found.error_message == "The stored file is damaged. Upload it again."
    assert (engine.runs, queue.ids) == (0, [])
    assert found.upload.storage_path in found.error_trace
    assert f"expected SHA-256 {found.upload.sha256}, 6 bytes" in found.error_trace
    [line] = [entry for entry in logs if entry["event"] == "job.original_damaged"]
    assert line["log_level"] == "error"
    assert line["storage_key"] == found.upload.storage_path
    assert line["expected_sha256"] == found.upload.sha256
    assert line["found_sha256"] in found.error_trace
    assert found.upload.sha256 not in "".join(entry.message for entry in found.logs), "everyone sees the log"


def test_an_original_that_is_gone_with_its_job_is_no_damage(
    worker: JobRunner, job: Job, db_session: Session, storage: MovingStorage
) -> None:
    def delete(key: str, target: Path) -> str:
        lifecycle.cancel(db_session, job.id, "to be deleted")
        storage.delete(key)
        return MovingStorage.fetch(storage, key, target)

    storage.fetch = delete  # type: ignore[method-assign] # as if its owner deleted it at this moment

    with structlog.testing.capture_logs() as logs:
        worker.run_next()

    assert reread(db_session, job).status == "canceled"
    assert not [entry for entry in logs if entry["event"] == "job.original_damaged"]


def test_it_bridges_a_short_outage_without_computing_again(
    worker: JobRunner, job: Job, storage: MovingStorage, engine: CopyingEngine, db_session: Session
) -> None:
    storage.away = {"fetch": 2, "save": 3}

    worker.run_next()

    found = reread(db_session, job)
    assert (found.status, found.attempts, engine.runs) == ("completed", 1, 1)
    assert found.result_path is not None
    with storage.open(found.result_path) as file:
        assert file.read() == b"pixels"


def time_passes(session: Session, job: Job) -> None:
    """Make what was put off due."""
    found = reread(session, job)
    found.not_before = utcnow() - timedelta(seconds=1)
    found.created_at = utcnow() - timedelta(minutes=1)
    session.commit()


@pytest.mark.parametrize("call", ["fetch", "save"])
def test_a_long_outage_puts_the_job_off_and_is_none_of_its_attempts(
    worker: JobRunner,
    job: Job,
    storage: MovingStorage,
    engine: CopyingEngine,
    queue: ListQueue,
    db_session: Session,
    call: str,
) -> None:
    storage.away = {call: 99, "delete": 99}

    for _ in range(5):
        worker.run_next()
        found = reread(db_session, job)
        assert (found.status, found.attempts) == ("queued", 0)
        # Not at once: until its time has come, no worker takes it and nobody enqueues it.
        assert queue.ids == []
        before = engine.runs
        worker.run_next()
        reaper.reap(db_session, queue, max_attempts=3)
        assert (engine.runs, queue.ids) == (before, [])
        assert found.not_before is not None
        assert found.not_before > utcnow()
        time_passes(db_session, job)

    storage.away = {}
    reaper.reap(db_session, queue, max_attempts=3)
    assert queue.ids == [job.id]
    worker.run_next()
    assert reread(db_session, job).status == "completed"


@pytest.mark.parametrize("place", ["storage", "scratch"])
def test_a_full_disk_puts_the_job_off(
    worker: JobRunner,
    job: Job,
    storage: MovingStorage,
    engine: CopyingEngine,
    db_session: Session,
    place: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise StorageFull

    with monkeypatch.context() as patch:
        patch.setattr(*{"storage": (storage, "save"), "scratch": (engine, "upscale")}[place], full)
        worker.run_next()
    found = reread(db_session, job)
    assert (found.status, found.attempts) == ("queued", 0)
    assert found.not_before is not None
    found.not_before = utcnow()
    db_session.commit()

    worker.run_next()

    assert reread(db_session, job).status == "completed"


def test_a_job_that_the_storage_has_kept_waiting_for_a_day_is_given_up(
    worker: JobRunner, job: Job, storage: MovingStorage, db_session: Session
) -> None:
    job.created_at = utcnow() - timedelta(days=1, minutes=1)
    db_session.commit()
    storage.away = {"fetch": 99}

    worker.run_next()

    found = reread(db_session, job)
    assert (found.status, found.error_code) == ("failed", "storage_unavailable")


def test_a_job_canceled_during_an_outage_is_left_alone(
    worker: JobRunner, job: Job, storage: MovingStorage, db_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "STORAGE_PAUSES", (60,))
    monkeypatch.setattr(runner, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(heartbeat, "RENEW_SECONDS", 0.05)
    storage.away = {"fetch": 99}
    come = storage._come

    def cancel_meanwhile(call: str) -> None:
        lifecycle.cancel(db_session, job.id, "by its owner")
        come(call)

    monkeypatch.setattr(storage, "_come", cancel_meanwhile)

    worker.run_next()

    assert reread(db_session, job).status == "canceled"


def test_results_stay_when_nobody_knows_whether_the_job_was_completed(
    worker: JobRunner, job: Job, storage: MovingStorage, db_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database went away in the middle of the last commit: deleting the files might empty a completed job."""
    complete = lifecycle.complete

    def commit_and_break(*arguments: Any) -> bool:
        complete(*arguments)
        raise OperationalError("COMMIT", None, Exception("connection lost"))

    monkeypatch.setattr(lifecycle, "complete", commit_and_break)

    worker.run_next()

    found = reread(db_session, job)
    assert found.status == "completed"
    assert found.result_path is not None
    assert storage.stat(found.result_path).size_bytes == 6


def test_a_job_waits_for_its_lease_when_the_database_is_away(
    worker: JobRunner, job: Job, db_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> bool:
        raise OperationalError("UPDATE", None, Exception("connection lost"))

    monkeypatch.setattr(lifecycle, "complete", broken)

    worker.run_next()

    found = reread(db_session, job)
    assert (found.status, found.error_code) == ("running", None)


def test_a_job_that_refines_faces_finds_the_face_model_in_the_folder(
    worker: JobRunner, job: Job, storage: MovingStorage, db_session: Session, tmp_path: Path
) -> None:
    custom = CustomModels(storage, Workspace(tmp_path / "scratch"), 10**7, ProbeLimits(threads=1))
    files = [("gfp.onnx", write_face_model(tmp_path / "gfp.onnx", side=256))]
    custom.add(db_session, Actor(None, "abdullah", "127.0.0.1"), files, name="gfp", licence="MIT", uses=())
    folder = ModelFolder(tmp_path / "models")
    job.params = {**job.params, "refine_faces": True}
    db_session.commit()

    worker.run_next()

    assert reread(db_session, job).status == "completed"
    assert folder.names() == ["gfp"]
    assert folder.find("gfp").active

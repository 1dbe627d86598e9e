"""The jobs of a worker."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import structlog
from sqlalchemy.orm import Session

from tests.support.face_models import write_face_model
from tests.support.worker_parts import BACKEND, CopyingEngine, ListQueue, MovingStorage, reread
from upscaler.engine.model_import.probe import ProbeLimits
from upscaler.engine.model_zoo.model_folder import ModelFolder
from upscaler.engine.model_zoo.recipe_builder import recipe_for
from upscaler.engine.options import UpscaleOptions
from upscaler.models import Job, utcnow
from upscaler.services.audit import Actor
from upscaler.services.files.workspace import Workspace
from upscaler.services.jobs import lifecycle, workers
from upscaler.services.jobs.runner import JobRunner
from upscaler.services.models.custom_models import CustomModels

NewJob = Callable[..., Job]


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


def test_a_job_that_has_begun_is_estimated_by_the_device_it_runs_on(
    worker: JobRunner, job: Job, new_job: NewJob, db_session: Session
) -> None:
    work = {"status": "completed", "finished_at": utcnow()}
    jobs = [
        new_job(**work, work_seconds=7, device="copying fp32 on a CPU"),
        new_job(**work, work_seconds=70, device="another one"),
    ]
    for done in jobs:
        done.recipe = recipe_for(UpscaleOptions("2x", "photo")).name
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

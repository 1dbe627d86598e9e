from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from flask_appbuilder import Model
from PIL import Image
from sqlalchemy.orm import Session

from config import Config, load
from tests import factories
from tests.support.receiver import receiver
from upscaler import models
from upscaler.engine.imaging.hashing import sha256_of
from upscaler.models import Delivery, Job
from upscaler.models.database import make_engine
from upscaler.services.files.storages import build_storage
from upscaler.tasks.worker import Worker

NewJob = Callable[..., Job]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    settings = {"ENGINE": "lanczos", "ENGINE_THREADS": "1", "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.1/32"}
    return load({"DATA_DIR": str(tmp_path), **settings}, env_file=None)


@pytest.fixture
def session(config: Config) -> Iterator[Session]:
    """A session on the worker's own database."""
    engine = make_engine(config.database_uri)
    Model.metadata.create_all(engine)
    with Session(engine, expire_on_commit=False) as session:
        yield session
    engine.dispose()


@pytest.fixture
def worker(config: Config, session: Session) -> Iterator[Worker]:
    """A worker that is stopped after the test."""
    worker = Worker(config)
    yield worker
    worker.stop()
    worker.huey.storage.close()
    worker._services.sessions.kw["bind"].dispose()  # type: ignore[attr-defined]


@pytest.fixture
def job(config: Config, session: Session, tmp_path: Path) -> Job:
    """A queued job whose original is stored."""
    original = tmp_path / "original.png"
    Image.new("RGB", (12, 9), "teal").save(original)
    upload = factories.new_upload(session, sha256=sha256_of(original), size_bytes=original.stat().st_size)
    build_storage(config, "web").save(upload.storage_path, original)
    return factories.new_job(session, upload_id=upload.id)


def eventually(session: Session, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        session.rollback()
        session.expire_all()
        time.sleep(0.05)


def test_a_delivered_id_has_the_job_run_and_its_end_reported(
    worker: Worker, session: Session, job: Job
) -> None:
    with receiver() as host:
        job.params["callback_url"] = host.url()
        session.commit()
        # The sender does not look again by itself.
        worker._deliveries._look_seconds = 300.0
        worker.start()

        worker.run_job(job.id)

        session.expire_all()
        assert (job.status, job.result_width, job.worker_id) == ("completed", 24, worker.worker_id)
        assert host.arrived.wait(30)
        eventually(session, lambda: session.query(Delivery).one().status == "delivered")


def test_the_job_that_is_next_is_run_whichever_is_delivered(
    worker: Worker, session: Session, job: Job
) -> None:
    later = factories.new_job(session, upload_id=job.upload_id)

    worker.run_job(later.id)

    session.expire_all()
    assert [job.status, later.status] == ["completed", "queued"]


def test_what_the_queue_holds_is_run_by_this_worker(worker: Worker, session: Session, job: Job) -> None:
    worker._services.queue.enqueue(job.id)

    worker.huey.execute(worker.huey.dequeue())

    session.expire_all()
    assert job.status == "completed"


def test_it_is_online_from_start_to_stop_and_leaves_no_process(
    worker: Worker, session: Session, job: Job
) -> None:
    worker.start()
    eventually(session, lambda: "engine" in worker._services.engine.state)
    eventually(session, lambda: session.get(models.Worker, worker.worker_id) is not None)
    row, engine = session.get_one(models.Worker, worker.worker_id), worker._services.engine.pid
    assert row.stopped_at is None
    assert engine is not None

    worker.stop()

    session.expire_all()
    assert row.stopped_at is not None
    assert not psutil.pid_exists(engine)
    worker.run_job(job.id)
    session.expire_all()
    assert job.status == "queued", "a worker that has stopped claims nothing"


def test_a_worker_that_never_started_can_be_stopped(worker: Worker, session: Session) -> None:
    assert session.query(models.Worker).count() == 0

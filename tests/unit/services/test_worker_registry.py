"""What the configuration sets arrives in the services of a worker; ``test_sender`` has the channels of messages."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from config import load
from tests import factories
from upscaler.engine.imaging.hashing import sha256_of
from upscaler.engine.process.client import EngineLimits
from upscaler.engine.settings import available_threads
from upscaler.errors import EngineCrashed
from upscaler.models import Job, utcnow
from upscaler.services.notifications import signing
from upscaler.services.worker_registry import WorkerServices
from upscaler.tasks.queue import HueyQueue, build_huey

KEY = "k" * 40
SECRETS = ["whsec_" + character * 43 + "=" for character in "AB"]


def services(folder: Path, database: Engine | None = None, **settings: str) -> WorkerServices:
    config = load({"DATA_DIR": str(folder), **settings}, env_file=None)
    return WorkerServices.from_config(
        config, queue=HueyQueue(build_huey(config)), sessions=database and sessionmaker(database)
    )


def described(found: WorkerServices) -> dict[str, Any]:
    try:
        return found.engine.describe()
    finally:
        found.engine.close()


def test_the_engine_runs_with_its_settings(tmp_path: Path) -> None:
    set_by_hand = described(services(tmp_path, ENGINE="lanczos", ENGINE_THREADS="1"))
    by_itself = described(services(tmp_path, ENGINE="lanczos"))

    assert (set_by_hand["engine"], set_by_hand["threads"]) == ("lanczos", 1)
    assert by_itself["threads"] == available_threads()


def test_a_job_has_its_limits(tmp_path: Path) -> None:
    found = services(tmp_path, JOB_TIMEOUT_SECONDS="77", JOB_MEMORY_BYTES="300000000", TILE_CACHE_BYTES="0")

    assert found.engine._limits == EngineLimits(timeout_seconds=77, memory_bytes=300_000_000)
    assert found.tiles.checkpoint("job_1") is None


def test_the_database_is_that_of_the_settings(tmp_path: Path) -> None:
    found = services(tmp_path)

    with found.sessions() as session:
        engine = session.get_bind()
        assert str(engine.engine.url) == f"sqlite:///{tmp_path / 'app.db'}"
    engine.engine.dispose()


def test_webhooks_are_signed_with_the_secrets_of_the_operator_else_with_a_derived_one(tmp_path: Path) -> None:
    settings = {"DATA_DIR": str(tmp_path), "SECRET_KEY": KEY}
    own = load({**settings, "WEBHOOK_SECRET": " ".join(SECRETS)}, env_file=None)

    assert WorkerServices.from_config(own).webhook_secrets == SECRETS
    derived = WorkerServices.from_config(load(settings, env_file=None)).webhook_secrets
    assert derived == [signing.derive(KEY)]
    changing = load({**settings, "SECRET_KEY": f"{'n' * 40} {KEY}"}, env_file=None)
    assert WorkerServices.from_config(changing).webhook_secrets == [
        signing.derive("n" * 40),
        signing.derive(KEY),
    ]


class CrashingEngine:
    """An engine whose process dies; it notes how long the lease of the job lasts then."""

    log_tail = ""

    def __init__(self, database: Engine) -> None:
        self._database = database
        self.leases: list[timedelta] = []

    def upscale(self, *_: object, **__: object) -> None:
        with Session(self._database) as session:
            expires_at = session.query(Job).one().lease_expires_at
        assert expires_at is not None
        self.leases.append(expires_at - utcnow())
        raise EngineCrashed(reason="SIGKILL")


def test_a_job_has_the_lease_and_the_attempts_of_the_settings(
    tmp_path: Path, database: Engine, db_session: Session
) -> None:
    original = tmp_path / "original"
    original.write_bytes(b"pixels")
    upload = factories.new_upload(db_session, sha256=sha256_of(original), size_bytes=6)
    job = factories.new_job(db_session, upload_id=upload.id)
    found = services(tmp_path, database, JOB_MAX_ATTEMPTS="2", LEASE_SECONDS="300")
    found.__dict__["engine"] = engine = CrashingEngine(database)
    found.storage.save(upload.storage_path, original)
    runner = found.job_runner("w-1")

    states = []
    for _ in range(3):
        runner.run_next()
        db_session.expire_all()
        states.append(db_session.get_one(Job, job.id).status)

    assert states == ["queued", "failed", "failed"]
    assert all(timedelta(seconds=290) < lease <= timedelta(seconds=300) for lease in engine.leases)
    assert len(engine.leases) == 2

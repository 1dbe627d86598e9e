from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from config import load
from upscaler.models import Worker
from upscaler.services.jobs import workers
from upscaler.services.worker_registry import WorkerServices
from upscaler.tasks.engine_state import EngineState
from upscaler.tasks.heartbeat import HeartbeatThread
from upscaler.tasks.queue import HueyQueue, build_huey


def test_a_worker_is_online_while_its_thread_runs_and_stopped_afterwards(
    database: Engine, db_session: Session, tmp_path: Path
) -> None:
    config = load({"DATA_DIR": str(tmp_path)}, env_file=None)
    services = WorkerServices.from_config(
        config, queue=HueyQueue(build_huey(config)), sessions=sessionmaker(database)
    )
    heartbeat = HeartbeatThread(services, "w-1", EngineState(services, "w-1"), lambda: "job_1")

    heartbeat.start()
    deadline = time.monotonic() + 60
    while (row := db_session.get(Worker, "w-1")) is None:
        assert time.monotonic() < deadline
        db_session.rollback()
        time.sleep(0.05)
    assert (row.current_job_id, row.stopped_at) == ("job_1", None)
    assert row.backend["models"]

    heartbeat.stop()
    heartbeat.deregister()
    db_session.expire_all()
    assert row.current_job_id is None
    assert row.stopped_at is not None


def test_a_disk_that_cannot_be_read_for_a_moment_ends_no_heartbeat(
    database: Engine, db_session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "HEARTBEAT_SECONDS", 0.01)
    config = load({"DATA_DIR": str(tmp_path)}, env_file=None)
    services = WorkerServices.from_config(
        config, queue=HueyQueue(build_huey(config)), sessions=sessionmaker(database)
    )
    state, failures = EngineState(services, "w-1"), [OSError("unreadable")]
    report = state.report

    def broken_at_first() -> dict[str, Any]:
        if failures:
            raise failures.pop()
        return report()

    monkeypatch.setattr(state, "report", broken_at_first)
    heartbeat = HeartbeatThread(services, "w-1", state, lambda: None)

    heartbeat.start()
    deadline = time.monotonic() + 60
    while db_session.get(Worker, "w-1") is None:
        assert time.monotonic() < deadline
        db_session.rollback()
        time.sleep(0.05)
    heartbeat.stop()

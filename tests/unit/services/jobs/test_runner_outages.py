"""A worker's job while the storage or the database is away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tests.support.worker_parts import CopyingEngine, ListQueue, MovingStorage, reread
from upscaler.errors import StorageFull
from upscaler.models import Job, utcnow
from upscaler.services.jobs import heartbeat, lifecycle, reaper, runner
from upscaler.services.jobs.runner import JobRunner


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
    """Make what was deferred due."""
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

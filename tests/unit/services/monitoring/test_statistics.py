from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

from sqlalchemy.orm import Session

from tests import factories
from upscaler.models import Job
from upscaler.services.monitoring import statistics
from upscaler.services.monitoring.statistics import STORAGE_FACTOR, STORAGE_SECONDS, StorageMeter
from upscaler.storage import LocalStorage, make_key

DATABASES = ("sqlite", "postgresql")

NOW = datetime(2025, 12, 7, 15, 30, tzinfo=timezone.utc)
NewJob = Callable[..., Job]


def completed(new_job: NewJob, finished_at: datetime, seconds: int = 10) -> Job:
    return new_job(
        status="completed", finished_at=finished_at, created_at=finished_at, duration_seconds=seconds
    )


def test_it_counts_what_waits_runs_and_was_done_today(db_session: Session, new_job: NewJob) -> None:
    new_job(status="queued")
    new_job(status="queued")
    new_job(status="running")
    completed(new_job, NOW - timedelta(hours=15))
    completed(new_job, NOW - timedelta(hours=16))
    new_job(status="failed", finished_at=NOW)

    figures = statistics.key_figures(db_session, NOW)

    assert (figures.uploads, figures.queued, figures.running) == (6, 2, 1)
    assert figures.completed_today == 1


def test_the_average_is_of_completed_jobs_of_the_last_week(db_session: Session, new_job: NewJob) -> None:
    assert statistics.key_figures(db_session, NOW).average_seconds is None

    completed(new_job, NOW - timedelta(days=1), seconds=10)
    completed(new_job, NOW - timedelta(days=6), seconds=20)
    completed(new_job, NOW - timedelta(days=8), seconds=9000)
    new_job(status="failed", finished_at=NOW, duration_seconds=9000)

    assert statistics.key_figures(db_session, NOW).average_seconds == 15


def test_jobs_fall_into_the_slot_they_ended_in(db_session: Session, new_job: NewJob) -> None:
    day = timedelta(days=1)
    completed(new_job, NOW)
    completed(new_job, datetime(2025, 12, 7, tzinfo=timezone.utc))
    completed(new_job, datetime(2025, 12, 6, 23, 59, 59, tzinfo=timezone.utc))
    completed(new_job, NOW - 30 * day)
    new_job(status="failed", created_at=NOW - day, finished_at=NOW)
    new_job(status="queued", created_at=NOW)

    slots = statistics.jobs_over_time(db_session, 3, day, NOW)

    assert [slot.start.day for slot in slots] == [5, 6, 7]
    assert [slot.completed for slot in slots] == [0, 1, 2]
    assert [slot.failed for slot in slots] == [0, 0, 1]
    assert [slot.canceled for slot in slots] == [0, 0, 0]
    assert [slot.accepted for slot in slots] == [0, 2, 3]


def test_hours_begin_on_the_hour(db_session: Session) -> None:
    slots = statistics.jobs_over_time(db_session, 24, timedelta(hours=1), NOW)

    assert slots[-1].start == datetime(2025, 12, 7, 15, tzinfo=timezone.utc)
    assert slots[0].start == datetime(2025, 12, 6, 16, tzinfo=timezone.utc)


def test_the_latest_jobs_and_failures_come_first(db_session: Session, new_job: NewJob) -> None:
    old = new_job(status="failed", created_at=NOW - timedelta(hours=2), finished_at=NOW - timedelta(hours=1))
    new = new_job(status="failed", created_at=NOW - timedelta(hours=3), finished_at=NOW)
    queued = new_job(created_at=NOW)

    assert [job.id for job in statistics.recent_jobs(db_session, 2)] == [queued.id, old.id]
    assert [job.id for job in statistics.recent_errors(db_session)] == [new.id, old.id]


def test_workers_are_on_duty_while_their_heartbeat_is_fresh(db_session: Session) -> None:
    for name, age, stopped in (("a", 5, False), ("b", 40, False), ("c", 5, True), ("d", 90_000, False)):
        seen = NOW - timedelta(seconds=age)
        factories.new_worker(
            db_session, id=name, last_heartbeat_at=seen, stopped_at=seen if stopped else None
        )

    states = {state.worker.id: state.online for state in statistics.worker_states(db_session, NOW)}

    assert states == {"a": True, "b": False, "c": False}
    assert next(iter(states)) == "a"


def test_the_storage_is_measured_once_a_minute(tmp_path: Path) -> None:
    now = [100.0]
    storage = LocalStorage(tmp_path / "files")
    meter = StorageMeter(storage, lambda: now[0])
    before = meter.figures()
    image = tmp_path / "image.png"
    image.write_bytes(b"x" * 1000)
    storage.save(make_key("uploads", "upl_ab", "png"), image)

    assert before.used_bytes == 0
    assert 0 <= before.free_percent <= 100
    now[0] += STORAGE_SECONDS
    assert meter.figures() is before
    now[0] += 1
    assert meter.figures().used_bytes == 1000


def test_a_storage_that_takes_long_to_measure_is_measured_less_often(tmp_path: Path) -> None:
    now = [100.0]

    class SlowStorage(LocalStorage):
        def used_bytes(self) -> int:
            now[0] += 20
            return super().used_bytes()

    meter = StorageMeter(SlowStorage(tmp_path / "files"), lambda: now[0])
    before = meter.figures()

    now[0] += 20 * STORAGE_FACTOR
    assert meter.figures() is before
    now[0] += 1
    assert meter.figures() is not before

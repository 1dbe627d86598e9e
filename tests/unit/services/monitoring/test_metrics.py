from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.orm import Session

from tests import factories
from upscaler.models import Job
from upscaler.services.monitoring.metrics import metrics_text
from upscaler.services.monitoring.statistics import StorageFigures
from upscaler.version import __version__

NOW = datetime(2025, 12, 7, 15, 30, tzinfo=timezone.utc)
NewJob = Callable[..., Job]


def read(text: bytes) -> dict[tuple[str, str], float]:
    """Return the figures by name and label."""
    return {
        (sample.name, "".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def completed(new_job: NewJob, waited: int, worked: int, ended: datetime = NOW) -> Job:
    started = ended - timedelta(seconds=worked)
    return new_job(
        status="completed",
        created_at=started - timedelta(seconds=waited),
        started_at=started,
        finished_at=ended,
        duration_seconds=worked,
    )


def test_an_empty_service_has_all_figures_but_times(db_session: Session) -> None:
    found = read(metrics_text(db_session, None, NOW))

    assert found["upscaler_info", __version__] == 1
    assert found["upscaler_jobs", "queued"] == found["upscaler_jobs_ended_last_hour", "failed"] == 0
    assert found["upscaler_queue_oldest_seconds", ""] == found["upscaler_workers_online", ""] == 0
    assert found["upscaler_originals_damaged_last_hour", ""] == 0
    assert not [name for name, _ in found if name.startswith(("upscaler_job_", "upscaler_storage"))]


def test_jobs_are_counted_and_timed(db_session: Session, new_job: NewJob) -> None:
    new_job(status="queued", created_at=NOW - timedelta(seconds=90))
    new_job(status="queued", created_at=NOW - timedelta(seconds=30))
    new_job(status="running")
    new_job(status="failed", finished_at=NOW - timedelta(minutes=59), error_code="stored_file_damaged")
    new_job(status="failed", finished_at=NOW - timedelta(minutes=61))
    for seconds in range(1, 21):
        completed(new_job, waited=seconds, worked=10 * seconds)
    completed(new_job, waited=5000, worked=5000, ended=NOW - timedelta(hours=2))

    found = read(metrics_text(db_session, StorageFigures(1234, 25.0), NOW))

    jobs = {label: value for (name, label), value in found.items() if name == "upscaler_jobs"}
    assert jobs == {"queued": 2, "running": 1, "completed": 21, "failed": 2, "canceled": 0}
    ended = {
        label: value for (name, label), value in found.items() if name == "upscaler_jobs_ended_last_hour"
    }
    assert ended == {"completed": 20, "failed": 1, "canceled": 0}
    assert found["upscaler_originals_damaged_last_hour", ""] == 1
    assert found["upscaler_queue_oldest_seconds", ""] == 90
    assert found["upscaler_job_seconds_last_hour", "0.5"] == 100
    assert found["upscaler_job_seconds_last_hour", "0.95"] == 190
    assert found["upscaler_job_wait_seconds_last_hour", "0.5"] == 10
    assert found["upscaler_storage_used_bytes", ""] == 1234
    assert found["upscaler_storage_free_ratio", ""] == 0.25


@pytest.mark.parametrize("free", [None, 10.0])
def test_a_storage_without_a_fixed_size_has_no_share(db_session: Session, free: float | None) -> None:
    found = read(metrics_text(db_session, StorageFigures(1, free), NOW))

    assert (("upscaler_storage_free_ratio", "") in found) == (free is not None)


def test_workers_on_duty_and_their_devices_are_counted(db_session: Session) -> None:
    held = {"engine": "ncnn", "device": "Some GPU", "precision": "fp16"}
    for name, seen, job_id in (("a", 0, "job_1"), ("b", 0, None), ("gone", 3600, "job_2")):
        factories.new_worker(
            db_session,
            id=name,
            host=name,
            started_at=NOW,
            last_heartbeat_at=NOW - timedelta(seconds=seen),
            current_job_id=job_id,
            backend={"quarantined": [held]},
        )

    found = read(metrics_text(db_session, None, NOW))

    assert found["upscaler_workers_online", ""] == 2
    assert found["upscaler_workers_busy", ""] == 1
    assert found["upscaler_devices_quarantined", ""] == 2

"""Messages in the outbox: rows are written with the end of a job."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone

import pytest
from sqlalchemy.orm import Session

from tests.unit.services.notifications.conftest import HOOK, end, rows
from upscaler.errors import DamagedImage, EngineCrashed
from upscaler.models import Job, JobStatus, utcnow
from upscaler.services.jobs import lifecycle
from upscaler.services.notifications import outbox
from upscaler.services.notifications.events import end_of_job

DATABASES = ("sqlite", "postgresql")

NewJob = Callable[..., Job]
NOW = datetime(2025, 12, 7, 12, tzinfo=timezone.utc)


def test_each_end_leaves_a_row_for_each_receiver(db_session: Session, new_job: NewJob) -> None:
    for ending in ("completed", "failed", "canceled"):
        job = new_job(notify_email=f"{ending}@example.org")
        job.params = {**job.params, "callback_url": HOOK}
        db_session.commit()
        if ending == "canceled":
            end(db_session, job)
            continue
        claim = lifecycle.claim(db_session, job.id, "one", 60)
        assert claim is not None
        if ending == "completed":
            assert lifecycle.complete(db_session, claim, {"result_path": "results/a.png"}, [], utcnow())
        else:
            held = lifecycle.held_by(claim)
            assert lifecycle.fail(db_session, job.id, held, EngineCrashed(reason="SIGSEGV"))

    found = {(row.kind, row.payload["type"]): row for row in rows(db_session)}

    assert set(found) == {
        (kind, f"job.{status}")
        for kind in ("webhook", "email")
        for status in ("completed", "failed", "canceled")
    }
    webhook = found["webhook", "job.failed"]
    assert webhook.target == HOOK
    assert webhook.id.startswith("msg_")
    assert webhook.payload["timestamp"].endswith("Z")
    assert webhook.payload["data"]["status"] == "failed"
    assert webhook.payload["data"]["error"] == {
        "code": "engine_crashed",
        "detail": EngineCrashed.message,
    }
    assert found["email", "job.canceled"].target == "canceled@example.org"
    assert found["email", "job.canceled"].payload["data"]["error"] is None


def test_no_payload_repeats_a_receiver(db_session: Session, watched_job: Job) -> None:
    end(db_session, watched_job)

    public = {name: value for name, value in watched_job.params.items() if name != "callback_url"}
    for row in rows(db_session):
        assert row.payload["data"]["params"] == public
        assert "layla" not in str(row.payload)
        assert "hidden" not in str(row.payload)


def test_a_job_that_nobody_waits_for_leaves_no_row(db_session: Session, new_job: NewJob) -> None:
    end(db_session, new_job())

    assert rows(db_session) == []


def test_only_an_end_leaves_rows_and_only_the_first(db_session: Session, watched_job: Job) -> None:
    claim = lifecycle.claim(db_session, watched_job.id, "one", 60)
    assert claim is not None
    held = lifecycle.held_by(claim)
    assert lifecycle.release(db_session, watched_job.id, held, "a test", counts=True)
    assert rows(db_session) == []

    end(db_session, watched_job)
    assert not lifecycle.cancel(db_session, watched_job.id, "again")
    assert not lifecycle.fail(db_session, watched_job.id, held, DamagedImage())

    assert [row.kind for row in rows(db_session)] == ["webhook", "email"]


def test_end_and_rows_are_one_transaction(
    db_session: Session, watched_job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the rows cannot be written, the job has not ended either."""

    def broken(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(outbox, "write", broken)
    with pytest.raises(OSError, match="the disk is full"):
        lifecycle.cancel(db_session, watched_job.id, "in a test")
    db_session.rollback()

    assert db_session.get_one(Job, watched_job.id).state is JobStatus.QUEUED
    assert rows(db_session) == []


def test_an_event_is_written_once_for_each_channel(db_session: Session, watched_job: Job) -> None:
    end(db_session, watched_job)
    first = [(row.id, row.kind, row.event) for row in rows(db_session)]

    outbox.write(db_session, watched_job.id, end_of_job(JobStatus.CANCELED), NOW)
    db_session.commit()

    assert [(row.id, row.kind, row.event) for row in rows(db_session)] == first
    assert {event for _, _, event in first} == {"job.canceled"}

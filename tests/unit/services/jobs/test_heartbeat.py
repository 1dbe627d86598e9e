from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from upscaler.models import Job
from upscaler.models.database import make_engine
from upscaler.services.jobs import heartbeat, lifecycle
from upscaler.services.jobs.heartbeat import Heartbeat
from upscaler.services.jobs.lifecycle import Claim

NewJob = Callable[..., Job]


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "RENEW_SECONDS", 0.02)


@pytest.fixture
def claim(db_session: Session, new_job: NewJob) -> Claim:
    held = lifecycle.claim(db_session, new_job().id, "one", 30)
    assert held is not None
    return held


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def stored(engine: Engine, claim: Claim) -> Job:
    with Session(engine) as session:
        return session.get_one(Job, claim.job_id)


def test_it_renews_the_lease_and_notes_the_progress(database: Engine, claim: Claim) -> None:
    before = stored(database, claim).lease_expires_at

    with Heartbeat(sessionmaker(database), claim, 60) as beat:
        beat.report(0.5)
        wait_until(lambda: stored(database, claim).progress == 50)
        # Only the end of the job makes it complete.
        beat.report(1.0)
        wait_until(lambda: stored(database, claim).progress == 99)
        assert not beat.lost

    after = stored(database, claim).lease_expires_at
    assert before is not None
    assert after is not None
    assert (after - before).total_seconds() > 20
    assert not any(thread.name == f"heartbeat-{claim.job_id}" for thread in threading.enumerate())


def test_it_notices_that_the_job_was_canceled(database: Engine, db_session: Session, claim: Claim) -> None:
    with Heartbeat(sessionmaker(database), claim, 60) as beat:
        assert lifecycle.cancel(db_session, claim.job_id, "by a test")
        wait_until(lambda: beat.lost)


def test_a_defect_does_not_let_the_lease_expire(
    database: Engine, claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    renew, failures = lifecycle.renew, [OSError("a disk that cannot be read")]

    def broken_at_first(*arguments: object) -> bool:
        if failures:
            raise failures.pop()
        return renew(*arguments)

    monkeypatch.setattr(lifecycle, "renew", broken_at_first)
    with Heartbeat(sessionmaker(database), claim, 60) as beat:
        beat.report(0.5)
        wait_until(lambda: stored(database, claim).progress == 50)
        assert not beat.lost


def test_a_database_that_is_away_is_no_loss(database: Engine, claim: Claim) -> None:
    away = make_engine("sqlite://")
    sessions = sessionmaker(away)
    with Heartbeat(sessions, claim, 60) as beat:
        beat.report(0.5)
        time.sleep(0.2)
        assert not beat.lost
        assert stored(database, claim).progress == 0
        sessions.configure(bind=database)
        wait_until(lambda: stored(database, claim).progress == 50)
    away.dispose()

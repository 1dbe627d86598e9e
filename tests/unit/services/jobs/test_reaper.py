from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy.orm import Session

from upscaler.errors import ServiceUnavailable
from upscaler.models import Job, utcnow
from upscaler.services.jobs import lifecycle, reaper

DATABASES = ("sqlite", "postgresql")

NewJob = Callable[..., Job]


class ListQueue:
    """A queue in memory that can be down."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.down = False

    def enqueue(self, job_id: str) -> None:
        if self.down:
            raise ServiceUnavailable
        self.ids.append(job_id)

    def pending(self) -> int:
        if self.down:
            raise ServiceUnavailable
        return len(self.ids)


def reread(session: Session, job: Job) -> Job:
    session.expire_all()
    return session.get_one(Job, job.id)


def test_it_takes_back_a_job_whose_worker_is_silent(db_session: Session, new_job: NewJob) -> None:
    job, queue = new_job(), ListQueue()
    lifecycle.claim(db_session, job.id, "dead", -1)

    reaper.reap(db_session, queue, max_attempts=3)

    assert reread(db_session, job).status == "queued"
    assert queue.ids == [job.id]


def test_it_leaves_a_job_alone_whose_worker_is_alive(db_session: Session, new_job: NewJob) -> None:
    job, queue = new_job(), ListQueue()
    lifecycle.claim(db_session, job.id, "alive", 60)

    reaper.reap(db_session, queue, max_attempts=3)

    assert reread(db_session, job).status == "running"
    assert queue.ids == []


def test_it_gives_up_after_the_last_attempt(db_session: Session, new_job: NewJob) -> None:
    job, queue = new_job(attempts=2), ListQueue()
    lifecycle.claim(db_session, job.id, "dead", -1)

    reaper.reap(db_session, queue, max_attempts=3)

    found = reread(db_session, job)
    assert (found.status, found.error_code) == ("failed", "engine_crashed")
    assert "3" in (found.error_values or {})["attempts"]
    assert queue.ids == []


def test_it_enqueues_an_id_that_the_queue_has_lost(db_session: Session, new_job: NewJob) -> None:
    before = utcnow() - timedelta(minutes=5)
    lost, fresh, queue = (
        new_job(created_at=before, enqueued_at=before),
        new_job(enqueued_at=utcnow()),
        ListQueue(),
    )

    reaper.reap(db_session, queue, max_attempts=3)
    reaper.reap(db_session, queue, max_attempts=3)

    assert queue.ids == [lost.id]
    assert reread(db_session, fresh).status == "queued"


def test_it_enqueues_a_job_that_was_accepted_while_the_queue_was_down(
    db_session: Session, new_job: NewJob
) -> None:
    job, queue = new_job(created_at=utcnow() - timedelta(minutes=1)), ListQueue()
    queue.down = True
    reaper.reap(db_session, queue, max_attempts=3)
    assert reread(db_session, job).status == "queued"

    queue.down = False
    reaper.reap(db_session, queue, max_attempts=3)

    assert queue.ids == [job.id]

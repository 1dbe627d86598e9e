from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import TypeVar

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from upscaler.errors import DamagedImage
from upscaler.models import Job, JobStatus, utcnow
from upscaler.services.jobs import lifecycle
from upscaler.services.jobs.lifecycle import Claim

DATABASES = ("sqlite", "postgresql")

NewJob = Callable[..., Job]
T = TypeVar("T")


def claimed(session: Session, job: Job, worker: str = "one", lease_seconds: int = 60) -> Claim:
    claim = lifecycle.claim(session, job.id, worker, lease_seconds)
    assert claim is not None
    return claim


def state(session: Session, job: Job) -> str:
    session.expire_all()
    return session.get_one(Job, job.id).status


def test_only_one_worker_gets_a_job(database: Engine, db_session: Session, new_job: NewJob) -> None:
    job = new_job()
    first = claimed(db_session, job)

    with Session(database) as other:
        assert lifecycle.claim(other, job.id, "two", 60) is None
    assert first.attempt == 1
    assert state(db_session, job) == "running"


def test_a_lapsed_lease_lets_another_worker_take_over_and_fences_the_first(
    db_session: Session, new_job: NewJob
) -> None:
    job = new_job()
    first = claimed(db_session, job, "one", lease_seconds=-1)
    second = claimed(db_session, job, "two")

    assert second.attempt == 2
    assert not lifecycle.renew(db_session, first, 0.5, "upscaling", 60)
    assert not lifecycle.complete(db_session, first, {"result_path": "results/first.png"}, [], utcnow())
    assert not lifecycle.fail(db_session, job.id, lifecycle.held_by(first), DamagedImage())
    assert not lifecycle.release(db_session, job.id, lifecycle.held_by(first), "late", counts=True)
    assert lifecycle.complete(db_session, second, {"result_path": "results/second.png"}, [], utcnow())
    assert db_session.get_one(Job, job.id).result_path == "results/second.png"


def test_a_renewed_lease_notes_the_progress(db_session: Session, new_job: NewJob) -> None:
    job = new_job()
    claim = claimed(db_session, job, lease_seconds=1)

    assert lifecycle.renew(db_session, claim, 0.4256, "upscaling", 600)
    db_session.expire_all()
    found = db_session.get_one(Job, job.id)
    assert (found.progress, found.percent, found.step) == (42, 42.56, "upscaling")
    assert found.lease_expires_at is not None
    assert found.lease_expires_at > utcnow() + timedelta(seconds=500)


def test_a_completed_job_forgets_its_claim_and_never_moves_again(
    db_session: Session, new_job: NewJob
) -> None:
    job = new_job()
    claim = claimed(db_session, job)
    assert lifecycle.complete(db_session, claim, {}, [], utcnow() - timedelta(seconds=7))

    found = db_session.get_one(Job, job.id)
    assert (found.progress, found.claim_token, found.duration_seconds) == (100, None, 7)
    assert not lifecycle.cancel(db_session, job.id, "too late")
    assert lifecycle.claim(db_session, job.id, "two", 60) is None
    assert not lifecycle.complete(db_session, claim, {}, [], utcnow())


def test_a_failed_job_keeps_the_reason_as_a_template(db_session: Session, new_job: NewJob) -> None:
    job = new_job()
    claim = claimed(db_session, job)
    error = DamagedImage("It broke at %(place)s.", place="row 3")

    assert lifecycle.fail(db_session, job.id, lifecycle.held_by(claim), error, "trace")

    found = db_session.get_one(Job, job.id)
    assert (found.status, found.error_code) == ("failed", "damaged_image")
    assert (found.error_message, found.error_values) == ("It broke at %(place)s.", {"place": "row 3"})
    assert found.error_trace == "trace"


@pytest.mark.parametrize("start", [False, True])
def test_a_job_is_canceled_before_and_while_it_runs(
    db_session: Session, new_job: NewJob, start: bool
) -> None:
    job = new_job()
    claim = claimed(db_session, job) if start else None

    assert lifecycle.cancel(db_session, job.id, "by its owner")

    assert state(db_session, job) == "canceled"
    assert claim is None or not lifecycle.renew(db_session, claim, 0.1, "decoding", 60)


@pytest.mark.parametrize(("counts", "attempts"), [(True, 1), (False, 0)])
def test_a_job_handed_back_waits_again(
    db_session: Session, new_job: NewJob, counts: bool, attempts: int
) -> None:
    job = new_job()
    claim = claimed(db_session, job)

    assert lifecycle.release(
        db_session, job.id, lifecycle.held_by(claim), "the worker is stopping", counts=counts
    )

    found = db_session.get_one(Job, job.id)
    assert (found.status, found.attempts, found.worker_id) == (JobStatus.QUEUED.value, attempts, None)


def test_every_move_leaves_a_line_in_the_log(db_session: Session, new_job: NewJob) -> None:
    job = new_job()
    claim = claimed(db_session, job, "one")
    lifecycle.release(
        db_session, job.id, lifecycle.held_by(claim), "its worker stopped answering", counts=True
    )
    second = claimed(db_session, job, "two")
    lifecycle.complete(db_session, second, {}, [], utcnow())

    assert [line.message for line in db_session.get_one(Job, job.id).logs] == [
        "started by worker one",
        "returned to the queue: its worker stopped answering",
        "started by worker two",
        "completed",
    ]


def at_once(calls: list[Callable[[], T]]) -> list[T]:
    """Make calls from as many threads, all at the same moment, and return what they return."""
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        gate.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def test_of_many_workers_at_once_one_gets_the_job(database: Engine, new_job: NewJob) -> None:
    for _ in range(5):
        job = new_job()

        def take(worker: int, job_id: str = job.id) -> Claim | None:
            with Session(database) as session:
                return lifecycle.claim(session, job_id, f"worker {worker}", 60)

        claims = at_once([partial(take, worker) for worker in range(8)])

        assert len([claim for claim in claims if claim is not None]) == 1
        with Session(database) as session:
            found = session.get_one(Job, job.id)
            assert found.attempts == 1
            assert [line.message.split()[0] for line in found.logs] == ["started"]


def test_of_completing_failing_and_canceling_at_once_one_counts(database: Engine, new_job: NewJob) -> None:
    def complete(session: Session, held: Claim) -> bool:
        return lifecycle.complete(session, held, {}, [], utcnow())

    def fail(session: Session, held: Claim) -> bool:
        return lifecycle.fail(session, held.job_id, lifecycle.held_by(held), DamagedImage())

    def cancel(session: Session, held: Claim) -> bool:
        return lifecycle.cancel(session, held.job_id, "by its owner")

    def move(how: Callable[[Session, Claim], bool], held: Claim) -> bool:
        with Session(database) as session:
            return how(session, held)

    for _ in range(5):
        job = new_job()
        with Session(database, expire_on_commit=False) as session:
            claim = claimed(session, job)

        outcomes = at_once([partial(move, how, claim) for how in (complete, fail, cancel)])

        assert outcomes.count(True) == 1
        with Session(database) as session:
            found = session.get_one(Job, job.id)
            assert found.status == ("completed", "failed", "canceled")[outcomes.index(True)]
            assert len(found.logs) == 2

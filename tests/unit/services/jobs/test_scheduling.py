"""Whose turn it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from upscaler.models import Job, Priority, utcnow
from upscaler.services.jobs import lifecycle, scheduling

DATABASES = ("sqlite", "postgresql")

NewJob = Callable[..., Job]


@pytest.fixture
def queued(new_job: NewJob) -> Callable[..., Job]:
    """Return a function that stores a job that has waited for some seconds."""

    def build(submitter: str, waited: float, **values: object) -> Job:
        values = {"estimated_seconds": 10, **values}
        return new_job(submitter=submitter, created_at=utcnow() - timedelta(seconds=waited), **values)

    return build


def serve(session: Session, count: int) -> list[Job]:
    """Let one worker begin and end jobs, one after the other."""
    served = []
    for _ in range(count):
        held = scheduling.claim_next(session, "w-1", 60)
        assert held is not None
        assert lifecycle.complete(session, held, {}, [], utcnow())
        served.append(session.get_one(Job, held.job_id))
    return served


def test_nothing_to_do_is_no_claim(db_session: Session) -> None:
    assert scheduling.claim_next(db_session, "w-1", 60) is None


def test_the_oldest_comes_first(db_session: Session, queued: Callable[..., Job]) -> None:
    young, old, middle = queued("a", 10), queued("a", 30), queued("a", 20)
    assert [job.id for job in serve(db_session, 3)] == [old.id, middle.id, young.id]


def test_five_hundred_images_do_not_stand_in_the_way_of_one(
    db_session: Session, queued: Callable[..., Job]
) -> None:
    for number in range(30):
        queued("many", 600 - number)
    serve(db_session, 3)
    late = queued("one", 1)
    assert serve(db_session, 1)[0].id == late.id


def test_turns_are_shared_by_work_and_not_by_number(db_session: Session, queued: Callable[..., Job]) -> None:
    for number in range(30):
        queued("large", 600 - number, estimated_seconds=40)
        queued("small", 600 - number, estimated_seconds=10)
    served = Counter(job.submitter for job in serve(db_session, 25))
    assert served == {"small": 20, "large": 5}


def test_work_of_long_ago_is_forgotten(db_session: Session, queued: Callable[..., Job]) -> None:
    before = queued("a", 9000)
    held = lifecycle.claim(db_session, before.id, "w-1", 60)
    assert held is not None
    lifecycle.complete(db_session, held, {}, [], utcnow())
    db_session.get_one(Job, before.id).started_at = utcnow() - scheduling.MEMORY - timedelta(seconds=1)
    db_session.commit()
    older, _ = queued("a", 20), queued("b", 10)
    assert serve(db_session, 1)[0].id == older.id


def test_batches_wait_for_single_images(db_session: Session, queued: Callable[..., Job]) -> None:
    batch = queued("a", 100, priority=Priority.BATCH.value)
    single = queued("b", 1)
    assert [job.id for job in serve(db_session, 2)] == [single.id, batch.id]


def test_nobody_waits_for_ever(db_session: Session, queued: Callable[..., Job]) -> None:
    waited = scheduling.PATIENCE.total_seconds() + 5
    batch = queued("a", waited, priority=Priority.BATCH.value)
    queued("b", 1)
    assert serve(db_session, 1)[0].id == batch.id


def test_a_job_that_was_put_off_waits_for_its_time(db_session: Session, queued: Callable[..., Job]) -> None:
    off = queued("a", 100, not_before=utcnow() + timedelta(minutes=1))
    due = queued("a", 1, not_before=utcnow() - timedelta(seconds=1))
    assert serve(db_session, 1)[0].id == due.id
    assert scheduling.claim_next(db_session, "w-1", 60) is None
    assert off.status == "queued"


def test_workers_at_once_take_each_job_once(database: Engine, queued: Callable[..., Job]) -> None:
    expected = {queued("a", number).id for number in range(12)}

    def work(number: int) -> list[str]:
        taken = []
        with Session(database) as session:
            while held := scheduling.claim_next(session, f"w-{number}", 60):
                taken.append(held.job_id)
        return taken

    with ThreadPoolExecutor(4) as pool:
        taken = [job_id for part in pool.map(work, range(4)) for job_id in part]

    assert sorted(taken) == sorted(expected)


def test_the_place_of_a_job_counts_what_really_comes_first(
    db_session: Session, queued: Callable[..., Job]
) -> None:
    for number in range(20):
        queued("many", 600 - number)
    queued("other", 30, priority=Priority.BATCH.value)
    mine = [queued("mine", 20 - number) for number in range(3)]

    places = [scheduling.place(db_session, "mine", job.priority, 10, job) for job in mine]

    # Of the twenty, one comes between each of mine.
    assert [(place.jobs, place.seconds) for place in places] == [(1, 10), (3, 30), (5, 50)]
    assert scheduling.place(db_session, "new", Priority.NORMAL.value, 10).jobs == 2
    assert scheduling.place(db_session, "new", Priority.BATCH.value, 10).jobs == 20 + 3 + 1


def test_what_runs_counts_by_what_is_left_of_it(db_session: Session, queued: Callable[..., Job]) -> None:
    job = queued("a", 10, estimated_seconds=40)
    held = lifecycle.claim(db_session, job.id, "w-1", 60)
    assert held is not None
    lifecycle.renew(db_session, held, 0.75, "upscaling", 60)
    place = scheduling.place(db_session, "b", Priority.NORMAL.value, 10)
    assert (place.jobs, place.seconds) == (1, 10)

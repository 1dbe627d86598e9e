from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import factories
from upscaler.models import Job, JobLog, JobStatus
from upscaler.models.job import ENDED, TRANSITIONS, Priority, callback_url_of, public_params

DATABASES = ("sqlite", "postgresql")


def test_what_has_ended_changes_no_more_and_all_else_may_end() -> None:
    assert {status for status, following in TRANSITIONS.items() if not following} == ENDED
    assert {status for status in JobStatus if status.ended} == ENDED
    assert all(JobStatus.CANCELED in TRANSITIONS[status] for status in JobStatus if not status.ended)


@pytest.mark.parametrize("url", [None, "https://hooks.example.org/?key=hidden"])
def test_the_url_of_the_webhook_is_for_no_one_else(new_job: Callable[..., Job], url: str | None) -> None:
    params = {"factor": "2x", **({"callback_url": url} if url else {})}

    assert callback_url_of(params) == url
    assert public_params(params) == {"factor": "2x"}
    job = new_job(params=params)
    assert (job.callback_url, job.public_params) == (url, {"factor": "2x"})


def test_single_images_go_before_those_of_batches() -> None:
    assert Priority.NORMAL > Priority.BATCH
    assert [priority.label for priority in Priority] == ["batch", "normal"]


def test_a_changed_parameter_is_stored(db_session: Session, new_job: Callable[..., Job]) -> None:
    job = new_job()

    job.params["preset"] = "art"
    db_session.commit()
    db_session.refresh(job)

    assert job.params["preset"] == "art"


def test_the_log_comes_in_the_order_of_its_lines_and_ends_with_the_job(
    db_session: Session, new_job: Callable[..., Job]
) -> None:
    job, other = new_job(), new_job()
    for number in range(3):
        factories.new_job_log(db_session, job, f"line {number}")
    factories.new_job_log(db_session, other)
    db_session.expire_all()
    assert [line.message for line in job.logs] == ["line 0", "line 1", "line 2"]
    db_session.expire_all()

    db_session.delete(job)
    db_session.commit()

    assert [line.job_id for line in db_session.scalars(select(JobLog))] == [other.id]


def test_a_new_run_outlives_the_job_that_it_repeats_and_the_owner(
    db_session: Session, new_job: Callable[..., Job]
) -> None:
    owner = factories.new_account(db_session)
    first = new_job(owner_id=owner.id)
    again = new_job(upload_id=first.upload_id, parent_id=first.id, owner_id=owner.id)

    db_session.delete(first)
    db_session.delete(owner)
    db_session.commit()
    db_session.refresh(again)

    assert (again.parent_id, again.owner_id) == (None, None)

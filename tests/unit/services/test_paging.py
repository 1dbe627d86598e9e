from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from upscaler.errors import UnusableParameter
from upscaler.models import Job
from upscaler.services.paging import Page, page_of

DATABASES = ("sqlite", "postgresql")

NewJob = Callable[..., Job]
START = datetime(2025, 12, 7, 12, tzinfo=UTC)


def page(session: Session, cursor: str | None, *, descending: bool = True) -> Page[Job]:
    order = (Job.created_at, Job.id)
    return page_of(session, select(Job), order, cursor=cursor, limit=2, descending=descending)


def written(values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("descending", [True, False])
def test_the_pages_together_have_each_row_once(
    db_session: Session, new_job: NewJob, descending: bool
) -> None:
    # Two of the same moment lie on different pages.
    moments = [START, START + timedelta(hours=1), START + timedelta(hours=1), START + timedelta(hours=2)]
    jobs = [new_job(id=f"job_{number}", created_at=moment) for number, moment in enumerate(moments)]
    ids = [job.id for job in jobs]

    first = page(db_session, None, descending=descending)
    assert first.next_cursor is not None
    second = page(db_session, first.next_cursor, descending=descending)

    found = [job.id for job in (*first.items, *second.items)]
    assert found == (ids[::-1] if descending else ids)
    assert second.next_cursor is None


def test_a_new_row_does_not_shift_the_next_page(db_session: Session, new_job: NewJob) -> None:
    jobs = [new_job(created_at=START + timedelta(hours=hour)) for hour in range(3)]
    first = page(db_session, None)
    new_job(created_at=START + timedelta(hours=9))

    second = page(db_session, first.next_cursor)

    assert [job.id for job in second.items] == [jobs[0].id]


def test_an_empty_list_has_one_page(db_session: Session) -> None:
    assert page(db_session, None) == Page([], None)


@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        "é",
        written(["2025-12-07T12:00:00+00:00"]),
        written(["2025-12-07T12:00:00", "job_1"]),
        written(["9999-12-07T12:00:00+00:00", "job_1"]),
        written(["2025-12-07T12:00:00+00:00", 1]),
        written(["2025-12-07T12:00:00+00:00", "job\0"]),
        written([None, None]),
        written(5),
    ],
)
def test_a_cursor_that_was_not_made_here_is_refused(db_session: Session, cursor: str) -> None:
    with pytest.raises(UnusableParameter) as refused:
        page(db_session, cursor)

    assert refused.value.values == {"name": "cursor"}


@pytest.mark.parametrize("value", [2**31, True, "1", 1.0])
def test_a_number_in_a_cursor_is_one_that_a_column_can_hold(db_session: Session, value: object) -> None:
    with pytest.raises(UnusableParameter):
        page_of(db_session, select(Job), (Job.progress,), cursor=written([value]), limit=2)

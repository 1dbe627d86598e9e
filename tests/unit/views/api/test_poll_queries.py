"""Polls stay cheap: how many queries each makes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session

from tests import factories
from tests.unit.views.api.conftest import Program
from upscaler.models import JobStatus


@contextmanager
def counted(engine: Engine | Connection) -> Iterator[list[str]]:
    """Give the statements that are sent to the database."""
    sent: list[str] = []

    def note(*arguments: object) -> None:
        sent.append(str(arguments[2]))

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    ("status", "most"),
    [
        # The job with its image, and its log.
        (JobStatus.COMPLETED, 2),
        (JobStatus.FAILED, 2),
        # And the workers online.
        (JobStatus.RUNNING, 3),
        # And its place in the queue.
        (JobStatus.QUEUED, 4),
    ],
)
def test_a_poll_makes_few_queries(session: Session, visitor: Program, status: JobStatus, most: int) -> None:
    job = factories.new_job(session, **factories.job_columns(status))
    factories.new_job_log(session, job)
    path = f"/jobs/{job.id}"
    # The settings in force are read now and then.
    assert visitor.get(path).status_code == 200

    with counted(session.get_bind()) as sent:
        answer = visitor.get(path)

    assert answer.get_json()["status"] == status.value
    assert len(sent) == most, sent

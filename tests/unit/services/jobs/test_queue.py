"""Jobs that are committed go into the queue, whatever happens to it or to the database meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from config import load
from upscaler.models import Job
from upscaler.services.jobs.queue import dispatch
from upscaler.tasks.queue import HueyQueue, build_huey


def test_a_database_that_cannot_be_written_to_is_no_reason_to_refuse_an_accepted_job(
    database: Engine, db_session: Session, new_job: Callable[..., Job], tmp_path: Path
) -> None:
    job_id = new_job().id
    queue = HueyQueue(build_huey(load({"DATA_DIR": str(tmp_path)}, env_file=None)))
    with database.connect() as other:
        other.execute(text("BEGIN IMMEDIATE"))
        # On the connection that the session keeps until its next commit.
        db_session.execute(text("PRAGMA busy_timeout=0"))

        dispatch(db_session, queue, job_id)

    assert queue.pending() == 1
    assert db_session.get_one(Job, job_id).enqueued_at is None

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from tests import factories
from upscaler.models import Job, utcnow

DATABASES = ("sqlite", "postgresql")


def test_a_worker_that_has_reported_nothing_yet_is_alive(db_session: Session) -> None:
    worker = factories.new_worker(db_session)

    db_session.refresh(worker)

    assert (worker.backend, worker.current_job_id, worker.stopped_at) == ({}, None, None)
    assert worker.started_at <= worker.last_heartbeat_at <= utcnow()


def test_a_job_can_be_deleted_while_a_worker_still_names_it(
    db_session: Session, new_job: Callable[..., Job]
) -> None:
    job = new_job()
    worker = factories.new_worker(db_session, current_job_id=job.id)

    db_session.delete(job)
    db_session.commit()
    db_session.refresh(worker)

    assert worker.current_job_id is not None

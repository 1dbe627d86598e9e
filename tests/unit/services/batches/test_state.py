from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from tests import factories
from upscaler.errors import BatchNotFound
from upscaler.models import Job
from upscaler.services.batches.state import BatchStatus, find_batch, has_ended, summary

NewJob = Callable[..., Job]


@pytest.mark.parametrize(
    ("states", "refused", "status"),
    [
        (["queued", "queued"], 0, BatchStatus.QUEUED),
        (["queued", "completed"], 0, BatchStatus.RUNNING),
        (["running"], 0, BatchStatus.RUNNING),
        (["completed", "completed"], 0, BatchStatus.COMPLETED),
        (["completed", "failed"], 0, BatchStatus.PARTLY_FAILED),
        (["completed", "canceled"], 0, BatchStatus.PARTLY_FAILED),
        (["completed"], 1, BatchStatus.PARTLY_FAILED),
        (["failed", "canceled"], 0, BatchStatus.FAILED),
        (["canceled"], 0, BatchStatus.CANCELED),
    ],
)
def test_the_state_follows_from_the_items(
    db_session: Session, new_job: NewJob, states: list[str], refused: int, status: BatchStatus
) -> None:
    batch = factories.new_batch(db_session, [new_job(status=state) for state in states])
    for _ in range(refused):
        factories.new_batch_item(db_session, batch, error_code="damaged_image")

    found = summary(find_batch(db_session, batch.id))

    assert found.status is status
    assert found.counts["total"] == len(states) + refused
    assert found.counts["refused"] == refused
    assert has_ended(db_session, batch.id) is status.ended


def test_progress_is_the_mean_of_the_items(db_session: Session, new_job: NewJob) -> None:
    jobs = [new_job(status="running", progress=50), new_job(status="failed", progress=10)]
    batch = factories.new_batch(db_session, jobs)

    assert summary(find_batch(db_session, batch.id)).progress == 75


def test_an_unknown_batch_is_not_found(db_session: Session) -> None:
    with pytest.raises(BatchNotFound):
        find_batch(db_session, "batch_unknown")

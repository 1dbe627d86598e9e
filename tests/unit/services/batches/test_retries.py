from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import factories
from upscaler.errors import BatchConflict, BatchNotFound, FileGone
from upscaler.models import ADMIN_ROLE, AuditLog, Job
from upscaler.services.audit import SYSTEM, Actor
from upscaler.services.batches.retries import failed_items, retried
from upscaler.services.batches.state import find_batch
from upscaler.services.registry import Services

NewJob = Callable[..., Job]
LAYLA = Actor(None, "layla", "192.0.2.7")


@pytest.fixture
def keep_original(services: Services, tmp_path: Path) -> Callable[[Job], None]:
    """Return a function that stores the original of a job."""

    def keep(job: Job) -> None:
        path = tmp_path / "original.png"
        path.write_bytes(b"not read here")
        services.storage.save(job.upload.storage_path, path)

    return keep


def test_only_failed_images_are_retried(
    db_session: Session, new_job: NewJob, services: Services, keep_original: Callable[[Job], None]
) -> None:
    jobs = [new_job(status=status) for status in ("failed", "completed", "canceled", "queued")]
    batch = factories.new_batch(db_session, jobs)
    factories.new_batch_item(db_session, batch, error_code="empty_file")
    keep_original(jobs[0])
    assert [item.job_id for item in failed_items(find_batch(db_session, batch.id))] == [jobs[0].id]

    with retried(db_session, LAYLA, services.submissions, batch.id) as [again]:
        pass
    db_session.refresh(again)

    assert again.parent_id == jobs[0].id
    assert again.enqueued_at is not None
    items = find_batch(db_session, batch.id).items
    assert [item.job_id for item in items] == [again.id, *(job.id for job in jobs[1:]), None]
    row = db_session.scalars(select(AuditLog)).one()
    assert (row.action, row.entity_id, row.details) == ("batch.retry", batch.id, {"new_jobs": [again.id]})
    with (
        pytest.raises(BatchConflict, match="has failed"),
        retried(db_session, LAYLA, services.submissions, batch.id),
    ):
        pass


@pytest.mark.parametrize("owned", [True, False])
def test_a_retry_by_an_admin_belongs_to_the_owner_of_the_batch(
    db_session: Session,
    new_job: NewJob,
    services: Services,
    keep_original: Callable[[Job], None],
    owned: bool,
) -> None:
    layla = factories.new_account(db_session).id if owned else None
    admin = factories.new_account(db_session, "abdullah", ADMIN_ROLE)
    job = new_job(status="failed", owner_id=layla, submitter="layla's")
    batch = factories.new_batch(db_session, [job], owner_id=layla)
    keep_original(job)
    actor = Actor(admin.id, "abdullah", "192.0.2.7", is_admin=True)

    with retried(db_session, actor, services.submissions, batch.id) as [again]:
        pass

    assert (again.owner_id, again.submitter) == (layla, "layla's")


def test_an_image_whose_original_is_gone_does_not_stop_the_others(
    db_session: Session, new_job: NewJob, services: Services, keep_original: Callable[[Job], None]
) -> None:
    gone, kept = (new_job(status="failed") for _ in range(2))
    batch = factories.new_batch(db_session, [gone, kept])
    with pytest.raises(FileGone), retried(db_session, SYSTEM, services.submissions, batch.id):
        pass
    keep_original(kept)

    with retried(db_session, SYSTEM, services.submissions, batch.id) as again:
        pass

    assert [job.parent_id for job in again] == [kept.id]
    assert find_batch(db_session, batch.id).items[0].job_id == gone.id
    assert list(db_session.scalars(select(AuditLog))) == []


def test_an_unknown_batch_is_not_found(db_session: Session, services: Services) -> None:
    with pytest.raises(BatchNotFound), retried(db_session, SYSTEM, services.submissions, "batch_unknown"):
        pass

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests import factories
from upscaler.models import Batch, BatchItem, Job

DATABASES = ("sqlite", "postgresql")


def test_items_come_in_the_order_of_the_request(db_session: Session) -> None:
    batch = factories.new_batch(db_session)
    for position in (2, 0, 1):
        factories.new_batch_item(db_session, batch, position=position)

    db_session.expire_all()

    assert [item.position for item in batch.items] == [0, 1, 2]


def test_a_deleted_batch_takes_its_items_along_and_leaves_the_jobs(
    db_session: Session, new_job: Callable[..., Job]
) -> None:
    job = new_job()
    batch = factories.new_batch(db_session, [job])
    other = factories.new_batch_item(db_session)
    db_session.expire_all()

    db_session.delete(batch)
    db_session.commit()

    assert db_session.scalars(select(BatchItem)).all() == [other]
    assert db_session.get(Job, job.id) is job


def test_an_item_outlives_its_job(db_session: Session, new_job: Callable[..., Job]) -> None:
    batch = factories.new_batch(db_session, [new_job(), new_job()])

    db_session.delete(batch.items[0].job)
    db_session.commit()
    db_session.expire_all()

    assert [item.job_id is None for item in batch.items] == [True, False]


def test_a_batch_outlives_its_owner(db_session: Session) -> None:
    owner = factories.new_account(db_session)
    batch = factories.new_batch(db_session, owner_id=owner.id)

    db_session.delete(owner)
    db_session.commit()
    db_session.refresh(batch)

    assert (batch.owner_id, batch.owner) == (None, None)


def test_a_row_that_an_older_version_wrote_has_not_lost_an_owner(db_session: Session) -> None:
    # The factory writes every column, which a process of that version does not.
    db_session.execute(text("INSERT INTO batches (id, created_at) VALUES ('batch_1', '2026-01-01')"))

    assert db_session.get_one(Batch, "batch_1").owner_gone is False

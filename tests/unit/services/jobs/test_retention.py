from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from config import load
from tests import factories
from upscaler.errors import FileGone, StorageUnavailable
from upscaler.models import Account, Batch, BatchItem, Job, Upload
from upscaler.services import audit
from upscaler.services.files import pending_files
from upscaler.services.jobs import actions, retention
from upscaler.services.settings.runtime import RuntimeSettings
from upscaler.storage import LocalStorage

DATABASES = ("sqlite", "postgresql")

NOW = datetime(2025, 12, 7, 12, 0, tzinfo=timezone.utc)
NewJob = Callable[..., Job]


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "files")


@pytest.fixture
def omar(db_session: Session) -> Account:
    return factories.new_account(db_session, "omar")


@pytest.fixture
def ended(db_session: Session, new_job: NewJob, storage: LocalStorage, tmp_path: Path) -> Callable[..., Job]:
    """Return a function that stores a job that ended some days ago, with its original and result."""

    def build(days: float, status: str = "completed", **values: object) -> Job:
        job = new_job(status=status, finished_at=NOW - timedelta(days=days), **values)
        job.result_path = f"results/{job.id[4:6]}/{job.id}.png"
        for key in (job.upload.storage_path, job.result_path):
            image = tmp_path / "image.png"
            image.write_bytes(b"pixels")
            storage.save(key, image)
        db_session.commit()
        return job

    return build


def settings(visitor: int = 0, account: int = 0) -> RuntimeSettings:
    days = {"VISITOR_KEEP_DAYS": str(visitor), "ACCOUNT_KEEP_DAYS": str(account)}
    return RuntimeSettings(load(days, env_file=None))


def left(session: Session) -> set[str]:
    session.expire_all()
    return set(session.scalars(select(Job.id)))


def test_nothing_is_deleted_unless_the_operator_wants_it(
    db_session: Session, storage: LocalStorage, ended: Callable[..., Job]
) -> None:
    job = ended(5000)

    retention.purge(db_session, storage, settings(), NOW)

    assert left(db_session) == {job.id}


def test_what_is_over_goes_with_its_files_and_its_upload(
    db_session: Session, storage: LocalStorage, ended: Callable[..., Job], new_job: NewJob
) -> None:
    old = [ended(8, status) for status in ("completed", "failed", "canceled")]
    young, waiting = ended(6), new_job(status="queued", created_at=NOW - timedelta(days=90))
    running = new_job(status="running", created_at=NOW - timedelta(days=90))
    keys = [key for job in old for key in (job.upload.storage_path, job.result_path)]

    retention.purge(db_session, storage, settings(visitor=7), NOW)

    assert left(db_session) == {young.id, waiting.id, running.id}
    assert db_session.query(Upload).count() == 3
    for key in keys:
        with pytest.raises(FileGone):
            storage.stat(key)
    assert storage.stat(young.result_path or "").size_bytes == 6


def test_visitors_and_accounts_have_times_of_their_own(
    db_session: Session, storage: LocalStorage, ended: Callable[..., Job], omar: Account
) -> None:
    ended(10)
    of_accounts = {ended(10, owner_id=omar.id).id, ended(10, owner_gone=True).id}

    retention.purge(db_session, storage, settings(visitor=7, account=30), NOW)
    assert left(db_session) == of_accounts

    retention.purge(db_session, storage, settings(visitor=7, account=9), NOW)
    assert left(db_session) == set()


def test_an_original_stays_for_a_younger_run(
    db_session: Session, storage: LocalStorage, ended: Callable[..., Job]
) -> None:
    first, again = ended(10), ended(1)
    again.upload_id = first.upload_id
    original = first.upload.storage_path
    db_session.commit()

    retention.purge(db_session, storage, settings(visitor=7), NOW)

    assert left(db_session) == {again.id}
    assert storage.stat(original).size_bytes == 6


def test_a_batch_goes_with_the_last_of_its_images(
    db_session: Session, storage: LocalStorage, ended: Callable[..., Job]
) -> None:
    created = NOW - timedelta(days=10)
    old, young = ended(10), ended(1)
    for job in (old, young):
        factories.new_batch(db_session, [job], created_at=created)

    retention.purge(db_session, storage, settings(visitor=7), NOW)

    db_session.expire_all()
    assert [item.job_id for item in db_session.query(BatchItem)] == [young.id]
    assert db_session.query(Batch).count() == 1


def test_a_storage_that_is_away_leaves_the_rest_for_later(
    db_session: Session, storage: LocalStorage, ended: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = ended(11), ended(10)
    original = first.upload.storage_path

    def away(*_: object) -> None:
        raise StorageUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(LocalStorage, "delete", away)
        retention.purge(db_session, storage, settings(visitor=7), NOW)
    assert left(db_session) == {second.id}
    assert storage.stat(original)

    retention.purge(db_session, storage, settings(visitor=7), NOW)
    pending_files.collect(db_session, storage, timedelta(0))
    assert left(db_session) == set()
    with pytest.raises(FileGone):
        storage.stat(original)


def test_another_worker_may_be_faster(
    db_session: Session, storage: LocalStorage, ended: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = ended(11).id, ended(10)
    real = actions.delete

    def late(session: Session, actor: object, kept: LocalStorage, job: Job) -> None:
        if job.id == first:
            # What the other one does between our look at the row and our work on it.
            with Session(session.get_bind()) as other:
                real(other, audit.SYSTEM, kept, other.get_one(Job, job.id))
        real(session, audit.SYSTEM, kept, job)

    monkeypatch.setattr(actions, "delete", late)

    retention.purge(db_session, storage, settings(visitor=7), NOW)

    assert left(db_session) == set()

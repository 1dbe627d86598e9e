from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests import factories
from upscaler.models import Job, JobLog

DATABASES = ("sqlite", "postgresql")


def test_no_two_uploads_share_a_file(db_session: Session) -> None:
    first = factories.new_upload(db_session)

    with pytest.raises(IntegrityError):
        factories.new_upload(db_session, storage_path=first.storage_path)


def test_a_deleted_upload_takes_its_jobs_and_their_logs_along(
    db_session: Session, new_job: Callable[..., Job]
) -> None:
    gone, kept = new_job(), new_job()
    again = new_job(upload_id=gone.upload_id, parent_id=gone.id)
    for job in (gone, again, kept):
        factories.new_job_log(db_session, job)

    db_session.delete(gone.upload)
    db_session.commit()

    assert db_session.scalars(select(Job)).all() == [kept]
    assert [line.job_id for line in db_session.scalars(select(JobLog))] == [kept.id]


def test_an_upload_outlives_its_owner(db_session: Session) -> None:
    owner = factories.new_account(db_session)
    upload = factories.new_upload(db_session, owner_id=owner.id)

    db_session.delete(owner)
    db_session.commit()
    db_session.refresh(upload)

    assert (upload.owner_id, upload.owner) == (None, None)


def test_a_file_may_have_more_bytes_than_fit_into_32_bits(db_session: Session) -> None:
    upload = factories.new_upload(db_session, size_bytes=1 << 40, original_filename="صورة.tiff")

    db_session.refresh(upload)

    assert upload.size_bytes == 1 << 40
    assert repr(upload) == "صورة.tiff"

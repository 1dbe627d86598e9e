from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import factories
from upscaler.models import AuditLog, Job
from upscaler.services.accounts import usage
from upscaler.services.audit import SYSTEM

DATABASES = ("sqlite", "postgresql")

NewJob = Callable[..., Job]
NOON = datetime(2025, 12, 7, 12, tzinfo=UTC)
RESULT = {
    "status": "completed",
    "result_width": 200,
    "result_height": 160,
    "result_size_bytes": 5000,
    "duration_seconds": 3,
}


def rows(session: Session, since: datetime | None = None, until: datetime | None = None) -> list[list[str]]:
    return list(csv.reader(usage.usage_table(session, since, until)))


def test_the_jobs_of_an_account_are_added_up(db_session: Session, new_job: NewJob) -> None:
    layla = factories.new_account(db_session)
    new_job(owner_id=layla.id, created_at=NOON - timedelta(days=1, seconds=1), **RESULT)
    new_job(owner_id=layla.id, created_at=NOON - timedelta(days=1), **RESULT)
    new_job(owner_id=layla.id, created_at=NOON)
    new_job(created_at=NOON, **RESULT)

    assert usage.usage_of(db_session, layla, NOON) == usage.Usage(
        jobs=3,
        jobs_last_day=2,
        completed=2,
        input_pixels=3 * 100 * 80,
        output_pixels=2 * 200 * 160,
        worker_seconds=6,
    )


def test_an_account_without_jobs_has_used_nothing(db_session: Session) -> None:
    layla = factories.new_account(db_session)

    assert usage.usage_of(db_session, layla) == usage.Usage(0, 0, 0, 0, 0, 0)


def test_sums_of_pixels_exceed_32_bits(db_session: Session, new_job: NewJob) -> None:
    layla = factories.new_account(db_session)
    upload = factories.new_upload(db_session, width=100_000, height=100_000)
    new_job(owner_id=layla.id, upload_id=upload.id)

    assert usage.usage_of(db_session, layla).input_pixels == 10**10


def test_the_table_has_a_row_for_each_account_and_day(db_session: Session, new_job: NewJob) -> None:
    layla = factories.new_account(db_session)
    new_job(owner_id=layla.id, created_at=NOON, **RESULT)
    new_job(owner_id=layla.id, created_at=NOON, status="failed")
    new_job(owner_id=layla.id, created_at=NOON + timedelta(hours=12), status="canceled")
    new_job(created_at=NOON)

    header, *found = rows(db_session)

    assert header == list(usage.COLUMNS)
    assert sorted(found) == [
        ["2025-12-07", "", "1", "0", "0", "0", "8000", "0", "0", "0"],
        ["2025-12-07", "layla", "2", "1", "1", "0", "16000", "32000", "5000", "3"],
        ["2025-12-08", "layla", "1", "0", "0", "1", "8000", "0", "0", "0"],
    ]


def test_the_period_includes_its_first_moment_and_not_its_last(db_session: Session, new_job: NewJob) -> None:
    for hours in (-1, 0, 1):
        new_job(created_at=NOON + timedelta(hours=hours))

    assert [row[2] for row in rows(db_session, NOON, NOON + timedelta(hours=1))[1:]] == ["1"]
    assert rows(db_session, NOON + timedelta(days=1))[1:] == []


@pytest.mark.parametrize("name", ["-layla", "=1+1"])
def test_a_name_is_no_formula_in_a_spreadsheet(db_session: Session, new_job: NewJob, name: str) -> None:
    new_job(owner_id=factories.new_account(db_session, name).id)

    assert rows(db_session)[1][1] == f"'{name}"


def test_an_export_leaves_a_row_with_its_period(db_session: Session, new_job: NewJob) -> None:
    new_job(created_at=NOON)

    text = usage.export(db_session, SYSTEM, NOON, None)

    assert text == "".join(usage.usage_table(db_session, NOON, None))
    row = db_session.scalars(select(AuditLog)).one()
    assert (row.action, row.details) == ("usage.export", {"from": "2025-12-07T12:00:00Z", "until": None})

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from tests import factories
from upscaler.models import ADMIN_ROLE, Account, AuditLog, Batch, Delivery, Job
from upscaler.services import queries

DATABASES = ("sqlite", "postgresql")

NOON = datetime(2025, 12, 7, 12, tzinfo=timezone.utc)
Found = Callable[[Any, ColumnElement[bool]], list[Any]]


@pytest.fixture
def found(db_session: Session) -> Found:
    """Return a function that returns the ids of the rows that fulfill a condition."""
    return lambda table, condition: list(db_session.scalars(select(table.id).where(condition)))


@pytest.fixture
def layla(db_session: Session) -> Account:
    return factories.new_account(db_session, "layla")


def test_jobs_are_found_by_a_part_of_an_id_or_of_the_file_name(db_session: Session, found: Found) -> None:
    job = factories.new_job(db_session, "100%_sure.PNG")
    factories.new_job(db_session, "cat.jpg")

    for text in ("%_SURE", job.id[6:], job.upload_id[5:]):
        assert found(Job, queries.job_matches(text)) == [job.id]
    assert found(Job, queries.job_matches("_100")) == []


def test_owners_are_found_by_a_part_of_their_name_and_visitors_by_a_dash(
    db_session: Session, found: Found, layla: Account
) -> None:
    hers, anyones = (factories.new_job(db_session, owner_id=owner) for owner in (layla.id, None))
    batch = factories.new_batch(db_session, owner_id=layla.id)

    assert found(Job, queries.owned_by(Job, "LAY")) == [hers.id]
    assert found(Job, queries.owned_by(Job, "-")) == [anyones.id]
    assert found(Batch, queries.owned_by(Batch, "lay")) == [batch.id]


def test_accounts_are_found_by_names_addresses_and_roles(
    db_session: Session, found: Found, layla: Account
) -> None:
    admin = factories.new_account(db_session, "abdullah", ADMIN_ROLE)

    assert found(Account, queries.account_matches("layla@EX")) == [layla.id]
    assert found(Account, queries.has_role("admin")) == [admin.id]
    assert found(Account, queries.has_role("user")) == [layla.id]


def test_rows_of_the_trail_and_deliveries_are_found_by_a_part_of_their_texts(
    db_session: Session, found: Found
) -> None:
    row = factories.new_audit_log(db_session, entity_id="job_abc", ip_address="192.0.2.7")
    delivery = factories.new_delivery(db_session, target="https://hooks.example.org/a")

    for text in ("JOB_A", "192.0.2"):
        assert found(AuditLog, queries.audit_matches(text)) == [row.id]
    for text in ("hooks.example", delivery.id, delivery.job_id):
        assert found(Delivery, queries.delivery_matches(text)) == [delivery.id]


def test_a_period_includes_its_start_and_not_its_end(db_session: Session, found: Found) -> None:
    job = factories.new_job(db_session, created_at=NOON)
    second = timedelta(seconds=1)

    assert found(Job, queries.since(Job.created_at, NOON)) == [job.id]
    assert found(Job, queries.since(Job.created_at, NOON + second)) == []
    assert found(Job, queries.until(Job.created_at, NOON)) == []
    assert found(Job, queries.until(Job.created_at, NOON + second)) == [job.id]

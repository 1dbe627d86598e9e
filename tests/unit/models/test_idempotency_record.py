from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests import factories
from upscaler.models import IdempotencyRecord

DATABASES = ("sqlite", "postgresql")


def test_a_key_has_one_record(db_session: Session) -> None:
    first = factories.new_idempotency_record(db_session, fingerprint="first")
    db_session.expunge_all()

    with pytest.raises(IntegrityError):
        factories.new_idempotency_record(db_session, id=first.id, fingerprint="second")
    db_session.rollback()

    assert db_session.get_one(IdempotencyRecord, first.id).fingerprint == "first"


def test_a_stored_response_comes_back_as_it_was(db_session: Session) -> None:
    headers = {"Location": "/api/v1/jobs/job_1", "Retry-After": "2"}
    body = '{"detail": "صورتك"}\n'
    record = factories.new_idempotency_record(db_session, status=202, headers=headers, body=body)

    db_session.refresh(record)

    assert (record.status, record.headers, record.body) == (202, headers, body)

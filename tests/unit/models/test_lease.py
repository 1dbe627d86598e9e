from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests import factories
from upscaler.models import Delivery, IdempotencyRecord, Job, Preview
from upscaler.models.lease import LeaseColumns
from upscaler.services import leases

DATABASES = ("sqlite", "postgresql")

FACTORIES: dict[Any, Callable[..., Any]] = {
    Delivery: factories.new_delivery,
    IdempotencyRecord: factories.new_idempotency_record,
    Job: factories.new_job,
    Preview: factories.new_preview,
}
NOW = datetime(2025, 12, 7, 12, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)


def test_these_are_all_tables_with_a_lease() -> None:
    assert set(FACTORIES) == set(LeaseColumns.__subclasses__())


@pytest.mark.parametrize("table", FACTORIES, ids=lambda table: table.__name__)
def test_its_rows_are_held_by_one_process_until_the_lease_expires(db_session: Session, table: Any) -> None:
    row = FACTORIES[table](db_session, claim_token=None, lease_expires_at=None)

    def claim(now: datetime) -> leases.Lease | None:
        return leases.claim(db_session, table, row.id, leases.is_free(table, now), MINUTE, now=now)

    first = claim(NOW)
    assert first is not None
    assert claim(NOW + MINUTE / 2) is None
    second = claim(NOW + 2 * MINUTE)

    db_session.commit()
    db_session.refresh(row)
    assert second is not None
    assert (row.claim_token, row.lease_expires_at) == (second.token, NOW + 3 * MINUTE)
    assert second.token != first.token

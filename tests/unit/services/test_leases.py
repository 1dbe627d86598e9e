from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import Engine, true
from sqlalchemy.orm import Session

from tests import factories
from upscaler.models import IdempotencyRecord
from upscaler.services import leases
from upscaler.services.leases import Lease

DATABASES = ("sqlite", "postgresql")

NOW = datetime(2025, 12, 7, 12, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def record(db_session: Session) -> None:
    factories.new_idempotency_record(db_session, id="a", claim_token=None, lease_expires_at=None)


def claim(session: Session, now: datetime = NOW, row_id: str = "a") -> Lease | None:
    free = leases.is_free(IdempotencyRecord, now)
    lease = leases.claim(session, IdempotencyRecord, row_id, free, MINUTE, now=now, fingerprint="claimed")
    session.commit()
    return lease


def found(session: Session) -> IdempotencyRecord:
    session.commit()
    return session.get_one(IdempotencyRecord, "a", populate_existing=True)


def test_a_claim_sets_token_lease_and_values(db_session: Session) -> None:
    lease = claim(db_session)

    assert lease is not None
    row = found(db_session)
    assert (row.claim_token, row.lease_expires_at, row.fingerprint) == (lease.token, NOW + MINUTE, "claimed")


def test_a_held_row_is_free_again_when_its_lease_has_expired(db_session: Session) -> None:
    first = claim(db_session)
    assert claim(db_session, NOW + MINUTE) is None

    second = claim(db_session, NOW + MINUTE + timedelta(seconds=1))

    assert first is not None
    assert second is not None
    assert second.token != first.token


def test_there_is_nothing_to_claim_without_a_row_or_against_a_condition(db_session: Session) -> None:
    assert claim(db_session, row_id="b") is None
    assert leases.claim(db_session, IdempotencyRecord, "a", ~true(), MINUTE) is None


def test_an_expired_lease_fences_its_holder(db_session: Session) -> None:
    lost, held = claim(db_session), claim(db_session, NOW + 2 * MINUTE)
    assert lost is not None
    assert held is not None

    assert not leases.renew(db_session, IdempotencyRecord, lost, MINUTE)
    assert not leases.finish(db_session, IdempotencyRecord, lost, body="late")
    assert not leases.remove(db_session, IdempotencyRecord, lost)
    assert found(db_session).claim_token == held.token


def test_a_renewal_lasts_from_the_moment_it_is_made(db_session: Session) -> None:
    lease = claim(db_session)
    assert lease is not None
    later = NOW + timedelta(seconds=30)

    assert leases.renew(db_session, IdempotencyRecord, lease, MINUTE, now=later, body="half")

    assert (found(db_session).lease_expires_at, found(db_session).body) == (later + MINUTE, "half")


def test_a_finished_row_is_released_once(db_session: Session) -> None:
    lease = claim(db_session)
    assert lease is not None

    assert leases.finish(db_session, IdempotencyRecord, lease, status=202)
    assert not leases.finish(db_session, IdempotencyRecord, lease, status=500)

    row = found(db_session)
    assert (row.status, row.claim_token, row.lease_expires_at) == (202, None, None)


def test_a_removed_row_is_gone(db_session: Session) -> None:
    lease = claim(db_session)
    assert lease is not None

    assert leases.remove(db_session, IdempotencyRecord, lease)

    assert db_session.get(IdempotencyRecord, "a", populate_existing=True) is None


def test_of_many_at_once_one_gets_the_lease(database: Engine) -> None:
    start, won = threading.Barrier(8), []

    def compete() -> None:
        with Session(database) as session:
            start.wait()
            won.append(claim(session))

    threads = [threading.Thread(target=compete) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(won) == 8
    assert len([lease for lease in won if lease is not None]) == 1

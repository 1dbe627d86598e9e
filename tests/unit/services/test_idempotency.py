from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session, sessionmaker

from upscaler.errors import IdempotencyConflict, RequestInProgress
from upscaler.models import IdempotencyRecord, utcnow
from upscaler.services import idempotency
from upscaler.services.idempotency import KEPT, LEASE, StoredResponse
from upscaler.services.leases import Lease
from upscaler.services.waiting import WaitingRoom

DATABASES = ("sqlite", "postgresql")

RESPONSE = StoredResponse(202, {"Location": "/jobs/1"}, "{}")


def begun(session: Session, key: str = "key") -> Lease:
    lease = idempotency.begin(session, key, "fingerprint", WaitingRoom(1))
    assert isinstance(lease, Lease)
    return lease


def age(session: Session, **columns: timedelta) -> None:
    session.execute(update(IdempotencyRecord).values({name: utcnow() - by for name, by in columns.items()}))
    session.commit()


def test_a_repetition_gets_the_stored_response(db_session: Session) -> None:
    idempotency.store(db_session, begun(db_session), RESPONSE)
    db_session.commit()

    assert idempotency.begin(db_session, "key", "fingerprint", WaitingRoom(1)) == RESPONSE
    with pytest.raises(IdempotencyConflict):
        idempotency.begin(db_session, "key", "another", WaitingRoom(1))


def test_a_response_is_stored_with_the_changes_or_not_at_all(db_session: Session) -> None:
    lease = begun(db_session)
    idempotency.store(db_session, lease, RESPONSE)
    db_session.rollback()
    idempotency.unlock(db_session, lease)

    begun(db_session)


def test_a_stored_response_is_not_unlocked(db_session: Session) -> None:
    lease = begun(db_session)
    idempotency.store(db_session, lease, RESPONSE)
    db_session.commit()

    idempotency.unlock(db_session, lease)

    assert idempotency.begin(db_session, "key", "fingerprint", WaitingRoom(1)) == RESPONSE


def test_a_request_in_progress_is_waited_for(db_session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    begun(db_session)
    monkeypatch.setattr(idempotency, "WAIT_SECONDS", 0.2)

    with pytest.raises(RequestInProgress):
        idempotency.begin(db_session, "key", "fingerprint", WaitingRoom(1))


def test_without_a_seat_a_repetition_is_told_at_once(db_session: Session) -> None:
    begun(db_session)
    room = WaitingRoom(1)
    started = time.monotonic()

    with room.seat(), pytest.raises(RequestInProgress):
        idempotency.begin(db_session, "key", "fingerprint", room)

    assert time.monotonic() - started < idempotency.WAIT_SECONDS / 2
    with room.seat() as is_free:
        assert is_free


def test_the_key_of_a_dead_request_is_free_and_its_response_comes_too_late(db_session: Session) -> None:
    dead = begun(db_session)
    age(db_session, lease_expires_at=timedelta(seconds=1))

    begun(db_session)
    idempotency.store(db_session, dead, RESPONSE)
    db_session.commit()

    assert db_session.scalars(select(IdempotencyRecord.status)).all() == [None]


def test_a_response_is_kept_for_a_day(db_session: Session) -> None:
    idempotency.store(db_session, begun(db_session), RESPONSE)
    db_session.commit()
    age(db_session, created_at=KEPT + timedelta(seconds=1))

    begun(db_session)


def test_a_long_request_renews_its_lock(
    database: Engine, db_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "HEARTBEAT_SECONDS", 0.02)
    lease = begun(db_session)
    age(db_session, lease_expires_at=timedelta(seconds=1))
    renewed = threading.Event()

    with idempotency.locked(sessionmaker(database), lease):
        while not renewed.wait(0.02):
            until = db_session.scalars(select(IdempotencyRecord.lease_expires_at)).one()
            db_session.commit()
            assert until is not None
            if until > utcnow() + LEASE / 2:
                renewed.set()


def test_of_many_at_once_one_gets_the_lock(database: Engine) -> None:
    start, found = threading.Barrier(6), []

    def compete() -> None:
        with Session(database) as session:
            start.wait()
            begun_or_stored = idempotency.begin(session, "key", "fingerprint", WaitingRoom(1))
            if isinstance(begun_or_stored, Lease):
                idempotency.store(session, begun_or_stored, RESPONSE)
                session.commit()
            found.append(begun_or_stored)

    threads = [threading.Thread(target=compete) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len([one for one in found if isinstance(one, Lease)]) == 1
    assert found.count(RESPONSE) == 5

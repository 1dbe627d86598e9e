"""Idempotent requests: the response to the first request with a key is stored, and sent again to its repetitions.

The first request inserts a record under its key, which the database lets one of all do, and holds its lease (see
``services.leases``) until the response is stored with whatever the request has changed, in one transaction.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Row, and_, delete, insert, or_, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from upscaler.errors import IdempotencyConflict, RequestInProgress
from upscaler.models import IdempotencyRecord, utcnow
from upscaler.models.database import Sessions
from upscaler.services import leases
from upscaler.services.leases import Lease
from upscaler.services.waiting import WaitingRoom

log = structlog.get_logger()

# How long a response is kept.
KEPT = timedelta(hours=24)
# A first request whose lease expires has died with its process, or could not report its end because the database was
# away. The next one may begin anew.
LEASE = timedelta(seconds=20)
# How often a request in progress renews its lease, in seconds.
HEARTBEAT_SECONDS = 4.0
# How long a second request waits for the response to the first, in seconds, and how often it looks. Not less than the
# lease: the repetition of a request that has died is then served at once.
WAIT_SECONDS = 20.0
LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class StoredResponse:
    """A response as it was sent."""

    status: int
    headers: dict[str, str]
    body: str


def begin(session: Session, key: str, fingerprint: str, room: WaitingRoom) -> StoredResponse | Lease:
    """Lock ``key`` for this request, or return the response that is stored for it.

    ``fingerprint`` stands for the content of the request. While the first request is in progress, this one waits in
    ``room``.

    Raises:
        IdempotencyConflict: the key was sent with a different request before.
        RequestInProgress: the first request takes longer than ``WAIT_SECONDS``, or too many requests wait already.
    """
    with ExitStack() as stack:
        return _begin(session, key, fingerprint, partial(_sit_down, stack, room))


def _begin(
    session: Session, key: str, fingerprint: str, sit_down: Callable[[], None]
) -> StoredResponse | Lease:
    record = IdempotencyRecord
    columns = (record.fingerprint, record.status, record.headers, record.body)
    deadline = time.monotonic() + WAIT_SECONDS
    is_seated = False
    while True:
        found = session.execute(select(*columns).where(record.id == key, ~_is_over())).one_or_none()
        # No transaction stays open while this request waits.
        session.rollback()
        if found is None:
            lease = _lock(session, key, fingerprint)
            if lease is not None:
                return lease
            # Another request was faster, and holds the lock now.
            continue
        if found.fingerprint != fingerprint:
            raise IdempotencyConflict
        if found.status is not None:
            return _response(found)
        if time.monotonic() > deadline:
            raise RequestInProgress
        if not is_seated:
            sit_down()
            is_seated = True
        time.sleep(LOOK_SECONDS)


def _sit_down(stack: ExitStack, room: WaitingRoom) -> None:
    if not stack.enter_context(room.seat()):
        raise RequestInProgress


@contextmanager
def locked(sessions: Sessions, lease: Lease) -> Iterator[None]:
    """Hold the lock for as long as the block takes, also when it takes longer than the lease."""
    done = threading.Event()
    thread = threading.Thread(target=_renew, args=(sessions, lease, done), name="idempotency", daemon=True)
    thread.start()
    try:
        yield
    finally:
        # Not waited for: a late renewal finds the lease released, and changes nothing.
        done.set()


def store(session: Session, lease: Lease, response: StoredResponse) -> None:
    """Store the response within the caller's transaction, together with the changes that it reports."""
    values = {"status": response.status, "headers": response.headers, "body": response.body}
    leases.finish(session, IdempotencyRecord, lease, **values)


def unlock(session: Session, lease: Lease) -> None:
    """Let the next request begin, unless a response is stored: this one has changed nothing."""
    leases.remove(session, IdempotencyRecord, lease)
    session.commit()


def _renew(sessions: Sessions, lease: Lease, done: threading.Event) -> None:
    while not done.wait(HEARTBEAT_SECONDS):
        try:
            with sessions() as session:
                leases.renew(session, IdempotencyRecord, lease, LEASE)
                session.commit()
        except SQLAlchemyError:
            # A database that is away for a moment lets no other request take the lock either.
            log.warning("idempotency.heartbeat_failed", exc_info=True)


def _is_over() -> Any:
    """Return the condition that a record counts no more: its time is over, or its request has died."""
    now, record = utcnow(), IdempotencyRecord
    return or_(record.created_at < now - KEPT, and_(record.status.is_(None), leases.is_free(record, now)))


def _lock(session: Session, key: str, fingerprint: str) -> Lease | None:
    """Insert the record of a key; return None when another request was faster."""
    lease, columns = leases.granted(key, LEASE)
    # Statements, not objects: the session must remember nothing of rows that others write at the same time.
    session.execute(delete(IdempotencyRecord).where(_is_over()).execution_options(synchronize_session=False))
    values = {"id": key, "fingerprint": fingerprint, "created_at": utcnow(), **columns}
    try:
        session.execute(insert(IdempotencyRecord).values(values))
        session.commit()
    except IntegrityError:
        session.rollback()
        return None
    return lease


def _response(found: Row[Any]) -> StoredResponse:
    return StoredResponse(found.status, found.headers or {}, found.body or "")

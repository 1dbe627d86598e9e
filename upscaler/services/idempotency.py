"""Requests that may be sent twice and count once: the first answer is kept and given again."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import and_, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from upscaler.errors import IdempotencyConflict, RequestInProgress
from upscaler.models import KeptAnswer, utcnow

log = structlog.get_logger()

Sessions = Callable[[], AbstractContextManager[Session]]

# How long an answer is kept.
KEPT = timedelta(hours=24)
# A first request that is silent for this long has died with its process, or could not tell of its end because the
# database was away. The next one may begin anew.
LEASE = timedelta(seconds=20)
# How often a request that is at work says so, in seconds.
BEAT_SECONDS = 4.0
# How long a second request waits for the first one's answer, in seconds, and how often it looks. Not less than the
# lease: who repeats a request that has died is then served at once, and need not be sent away first.
WAIT_SECONDS = 20.0
LOOK_SECONDS = 0.1

_COLUMNS = (
    *(KeptAnswer.fingerprint, KeptAnswer.status, KeptAnswer.headers),
    *(KeptAnswer.body, KeptAnswer.created_at),
)


@dataclass(frozen=True)
class Answer:
    """An answer as it was sent."""

    status: int
    headers: dict[str, str]
    body: str


@dataclass(frozen=True)
class Turn:
    """The right to do what a key stands for."""

    id: str
    token: str


def begin(session: Session, key: str, fingerprint: str) -> Answer | Turn:
    """Take the turn for ``key``, or return the answer of whoever had it. ``fingerprint`` stands for what is asked.

    Raises:
        IdempotencyConflict: the key came with something else before.
        RequestInProgress: the first request takes long.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        found = session.execute(select(*_COLUMNS).where(KeptAnswer.id == key)).one_or_none()
        # No transaction stays open meanwhile.
        session.rollback()
        now = utcnow()
        if found is None or found.created_at < now - KEPT or _died(found, now):
            turn = _take(session, key, fingerprint)
            if turn is not None:
                return turn
            # Somebody else was faster, and is at work on it now.
            continue
        if found.fingerprint != fingerprint:
            raise IdempotencyConflict
        if found.status is not None:
            return Answer(found.status, found.headers or {}, found.body or "")
        if time.monotonic() > deadline:
            raise RequestInProgress
        time.sleep(LOOK_SECONDS)


@contextmanager
def held(sessions: Sessions, turn: Turn) -> Iterator[None]:
    """Keep the turn for as long as the block takes, also when it takes longer than the lease."""
    done = threading.Event()
    threading.Thread(target=_beat, args=(sessions, turn, done), name="turn", daemon=True).start()
    try:
        yield
    finally:
        # Not waited for: a beat that comes late finds the answer there, and changes nothing.
        done.set()


def keep(session: Session, turn: Turn, answer: Answer) -> None:
    """Keep the answer for later requests, within the caller's transaction: with what it tells of, or not at all."""
    session.execute(
        update(KeptAnswer)
        .where(KeptAnswer.id == turn.id, KeptAnswer.token == turn.token)
        .values(status=answer.status, headers=answer.headers, body=answer.body)
        .execution_options(synchronize_session=False)
    )


def give_up(session: Session, turn: Turn) -> None:
    """Let the next request try, unless an answer is kept already: this one has changed nothing."""
    session.execute(
        delete(KeptAnswer)
        .where(KeptAnswer.id == turn.id, KeptAnswer.token == turn.token, KeptAnswer.status.is_(None))
        .execution_options(synchronize_session=False)
    )
    session.commit()


def _beat(sessions: Sessions, turn: Turn, done: threading.Event) -> None:
    mine = and_(KeptAnswer.id == turn.id, KeptAnswer.token == turn.token, KeptAnswer.status.is_(None))
    while not done.wait(BEAT_SECONDS):
        try:
            with sessions() as session:
                session.execute(update(KeptAnswer).where(mine).values(created_at=utcnow()))
                session.commit()
        except SQLAlchemyError:
            # A database that is away for a moment lets nobody else take the turn either.
            log.warning("idempotency.beat_failed", exc_info=True)


def _died(found: Any, now: datetime) -> bool:
    return found.status is None and found.created_at < now - LEASE


def _take(session: Session, key: str, fingerprint: str) -> Turn | None:
    """Make a key one's own; return None when another request was faster."""
    now, token = utcnow(), secrets.token_hex(16)
    died = and_(KeptAnswer.id == key, KeptAnswer.status.is_(None), KeptAnswer.created_at < now - LEASE)
    # Statements, not objects: the session must remember nothing of rows that others write at the same time.
    session.execute(
        delete(KeptAnswer)
        .where(or_(KeptAnswer.created_at < now - KEPT, died))
        .execution_options(synchronize_session=False)
    )
    values = {"id": key, "fingerprint": fingerprint, "token": token, "created_at": now}
    try:
        session.execute(insert(KeptAnswer).values(values))
        session.commit()
    except IntegrityError:
        # The database lets one of all those who come at once through.
        session.rollback()
        return None
    return Turn(key, token)

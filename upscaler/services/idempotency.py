"""Requests that may be sent twice and count once: the first answer is kept and given again."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from upscaler.errors import IdempotencyConflict, RequestInProgress
from upscaler.models import KeptAnswer, utcnow

# How long an answer is kept.
KEPT = timedelta(hours=24)
# A first request that is silent for this long has died, and the next one may begin anew.
LEASE = timedelta(minutes=5)
# How long a second request waits for the first one's answer, in seconds, and how often it looks.
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


def finish(session: Session, turn: Turn, answer: Answer) -> None:
    """Keep the answer for later requests."""
    session.execute(
        update(KeptAnswer)
        .where(KeptAnswer.id == turn.id, KeptAnswer.token == turn.token)
        .values(status=answer.status, headers=answer.headers, body=answer.body)
        .execution_options(synchronize_session=False)
    )
    session.commit()


def give_up(session: Session, turn: Turn) -> None:
    """Let the next request try: this one has changed nothing."""
    session.execute(
        delete(KeptAnswer)
        .where(KeptAnswer.id == turn.id, KeptAnswer.token == turn.token)
        .execution_options(synchronize_session=False)
    )
    session.commit()


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

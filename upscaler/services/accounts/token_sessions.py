"""Sessions of programs that sign in with a user name and a password. The views make the tokens themselves.

A session has one refresh token at a time; using it makes the next. One that is used a second time was copied, by an
unknown party: the whole session ends then.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from upscaler.errors import InvalidCredentials
from upscaler.models import Account, TokenSession, utcnow
from upscaler.models.database import changed_rows

# A session ends when it was not refreshed for this long.
REFRESH_LIFE = timedelta(days=30)


def open_session(session: Session, account: Account) -> TokenSession:
    """Start a session for an account whose password was right, and delete expired ones."""
    now = utcnow()
    session.execute(delete(TokenSession).where(TokenSession.expires_at < now))
    opened = TokenSession(user_id=account.id, refresh_id=_new_id(), expires_at=now + REFRESH_LIFE)
    session.add(opened)
    session.commit()
    return opened


def find(session: Session, session_id: str) -> TokenSession:
    """Return a session that has not ended; raise ``InvalidCredentials``."""
    found: TokenSession | None = session.get(TokenSession, session_id)
    if found is None or found.expires_at <= utcnow():
        raise InvalidCredentials
    return found


def rotate(session: Session, session_id: str, refresh_id: str) -> TokenSession:
    """Use a refresh token, once; ``refresh_id`` of the returned session is the next one.

    Raises:
        InvalidCredentials: the session is over, or the token was used before, which ends it.
    """
    changed = session.execute(
        update(TokenSession)
        .where(TokenSession.id == session_id, TokenSession.refresh_id == refresh_id)
        .values(refresh_id=_new_id(), expires_at=utcnow() + REFRESH_LIFE)
        .execution_options(synchronize_session=False)
    )
    if changed_rows(changed) != 1:
        session.rollback()
        end(session, session_id)
        raise InvalidCredentials
    session.commit()
    return session.scalars(
        select(TokenSession).where(TokenSession.id == session_id).execution_options(populate_existing=True)
    ).one()


def end(session: Session, session_id: str) -> None:
    """End a session: none of its tokens is accepted any more."""
    session.execute(delete(TokenSession).where(TokenSession.id == session_id))
    session.commit()


def _new_id() -> str:
    return secrets.token_hex(16)

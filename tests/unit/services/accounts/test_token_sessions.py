from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import factories
from upscaler.errors import InvalidCredentials
from upscaler.models import TokenSession, utcnow
from upscaler.services.accounts import token_sessions


def test_a_new_session_removes_expired_ones(db_session: Session) -> None:
    layla = factories.new_account(db_session)
    factories.new_token_session(db_session, layla, expires_at=utcnow() - timedelta(seconds=1))
    other = factories.new_token_session(db_session, layla)

    opened = token_sessions.open_session(db_session, layla)

    assert set(db_session.scalars(select(TokenSession.id))) == {other.id, opened.id}
    assert token_sessions.find(db_session, opened.id) is opened
    left = opened.expires_at - utcnow()
    assert token_sessions.REFRESH_LIFE - timedelta(minutes=1) < left <= token_sessions.REFRESH_LIFE


def test_a_session_that_has_ended_is_not_found(db_session: Session) -> None:
    expired = factories.new_token_session(db_session, expires_at=utcnow())
    with pytest.raises(InvalidCredentials):
        token_sessions.find(db_session, expired.id)

    opened = token_sessions.open_session(db_session, factories.new_account(db_session, "omar"))
    token_sessions.end(db_session, opened.id)
    with pytest.raises(InvalidCredentials):
        token_sessions.find(db_session, opened.id)


def test_a_refresh_token_is_replaced_by_the_next_one(db_session: Session) -> None:
    opened = factories.new_token_session(db_session)
    first, ended = opened.refresh_id, opened.expires_at

    second = token_sessions.rotate(db_session, opened.id, first)

    assert second.id == opened.id
    assert second.refresh_id != first
    assert second.expires_at > ended
    assert token_sessions.rotate(db_session, opened.id, second.refresh_id).id == opened.id


def test_a_refresh_token_that_is_used_twice_ends_its_session_alone(db_session: Session) -> None:
    layla = factories.new_account(db_session)
    copied, other = (factories.new_token_session(db_session, layla) for _ in range(2))
    session_id, first = copied.id, copied.refresh_id
    second = token_sessions.rotate(db_session, session_id, first).refresh_id

    with pytest.raises(InvalidCredentials):
        token_sessions.rotate(db_session, session_id, first)

    with pytest.raises(InvalidCredentials):
        token_sessions.rotate(db_session, session_id, second)
    assert list(db_session.scalars(select(TokenSession.id))) == [other.id]

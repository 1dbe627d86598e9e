from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import factories
from upscaler.models import TokenSession

DATABASES = ("sqlite", "postgresql")


def test_sessions_end_with_their_account(db_session: Session) -> None:
    layla, sven = (factories.new_account(db_session, name) for name in ("layla", "sven"))
    factories.new_token_session(db_session, layla)
    kept = factories.new_token_session(db_session, sven)

    db_session.delete(layla)
    db_session.commit()

    assert db_session.scalars(select(TokenSession)).all() == [kept]


def test_each_login_is_a_session_of_its_own(db_session: Session) -> None:
    layla = factories.new_account(db_session)

    first, second = (factories.new_token_session(db_session, layla) for _ in range(2))

    assert first.id != second.id
    assert len(first.id) == len("ses_") + 32

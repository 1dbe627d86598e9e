from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests import factories
from upscaler.models import AccountKey

DATABASES = ("sqlite", "postgresql")


def test_keys_end_with_their_account(db_session: Session) -> None:
    layla, sven = (factories.new_account(db_session, name) for name in ("layla", "sven"))
    factories.new_account_key(db_session, layla)
    kept = factories.new_account_key(db_session, sven)

    db_session.delete(layla)
    db_session.commit()

    assert db_session.query(AccountKey).all() == [kept]


def test_no_two_keys_have_the_same_hash(db_session: Session) -> None:
    key = factories.new_account_key(db_session)

    with pytest.raises(IntegrityError):
        factories.new_account_key(db_session, key.user, key_hash=key.key_hash)


def test_a_key_shows_its_id_and_neither_prefix_nor_hash(db_session: Session) -> None:
    key = factories.new_account_key(db_session)

    assert repr(key) == key.id
    assert key.id.startswith("key_")

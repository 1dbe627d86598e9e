from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests import factories
from upscaler.models import PendingFile

DATABASES = ("sqlite", "postgresql")


def test_a_key_is_reserved_once(db_session: Session) -> None:
    reserved = factories.new_pending_file(db_session)
    db_session.expunge_all()

    with pytest.raises(IntegrityError):
        factories.new_pending_file(db_session, key=reserved.key)


def test_a_new_key_is_not_being_deleted(db_session: Session) -> None:
    reserved = factories.new_pending_file(db_session)
    db_session.expunge_all()

    found = db_session.get_one(PendingFile, reserved.key)
    assert found.deleting_since is None
    assert repr(found) == reserved.key

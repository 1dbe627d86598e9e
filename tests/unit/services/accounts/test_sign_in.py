from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash

from tests import factories
from upscaler.models import AuditLog
from upscaler.services.accounts import sign_in
from upscaler.services.audit import Actor


def test_a_hash_is_salted_scrypt() -> None:
    first, second = (sign_in.hash_password(factories.PASSWORD) for _ in range(2))

    assert first.startswith("scrypt:")
    assert first != second
    assert check_password_hash(first, factories.PASSWORD)


def test_an_active_account_signs_in_with_its_own_password(db_session: Session) -> None:
    factories.new_account(db_session, "layla")
    factories.new_account(db_session, "omar", active=False)

    assert sign_in.signs_in_with(db_session, "LAYLA", factories.PASSWORD)
    assert not sign_in.signs_in_with(db_session, "layla", factories.PASSWORD + " ")
    assert not sign_in.signs_in_with(db_session, "omar", factories.PASSWORD)
    assert not sign_in.signs_in_with(db_session, "nobody", factories.PASSWORD)


def test_an_account_without_a_password_cannot_sign_in(db_session: Session) -> None:
    factories.new_account(db_session, "layla", password=None)

    assert not sign_in.signs_in_with(db_session, "layla", "")


@pytest.mark.parametrize("typed", ["zoë", "ZOË", " Zoe\u0308\u2003", "zo\u00cb\u00a0"])
def test_a_name_is_the_same_in_every_way_of_writing_it(db_session: Session, typed: str) -> None:
    account = factories.new_account(db_session, "Zoë", email="Zoë@Example.org")

    assert sign_in.account_named(db_session, typed) is account
    assert sign_in.account_with_email(db_session, typed.strip() + "@EXAMPLE.org ") is account
    assert sign_in.account_named(db_session, "zoe") is None
    assert sign_in.account_with_email(db_session, "zoe@example.org") is None
    assert sign_in.signs_in_with(db_session, typed, factories.PASSWORD)
    assert sign_in.login_key(db_session, typed) == f"account {account.id}"


@pytest.mark.parametrize(
    "typed", ["layla", "LAYLA", " layla ", "Layla@Example.org", "lay\0la", "\uff4c\uff41\uff59\uff4c\uff41"]
)
def test_attempts_with_either_name_of_an_account_count_together(db_session: Session, typed: str) -> None:
    account = factories.new_account(db_session, "layla")

    assert sign_in.login_key(db_session, typed) == f"account {account.id}"


def test_the_key_of_an_unknown_name_does_not_show_it(db_session: Session) -> None:
    key = sign_in.login_key(db_session, "Nobody")

    assert key == sign_in.login_key(db_session, " nobody")
    assert key != sign_in.login_key(db_session, "nobody2")
    assert "nobody" not in key
    assert key.startswith("name ")


def test_each_attempt_leaves_a_row(db_session: Session) -> None:
    account = factories.new_account(db_session, "layla")

    sign_in.record_sign_in(db_session, account, "Layla@example.org", "192.0.2.7", success=True)
    sign_in.record_sign_in(db_session, account, "layla", "192.0.2.7", success=False)
    sign_in.record_sign_in(db_session, None, "nobody", "192.0.2.7", success=False)
    sign_in.record_sign_out(db_session, Actor(account.id, "layla", "192.0.2.7"))

    rows = db_session.scalars(select(AuditLog).order_by(AuditLog.id)).all()
    assert [(row.action, row.user_id, row.username, row.entity_id) for row in rows] == [
        ("login.success", account.id, "layla", str(account.id)),
        ("login.failed", account.id, "layla", str(account.id)),
        ("login.failed", None, "nobody", ""),
        ("logout", account.id, "layla", str(account.id)),
    ]
    assert {row.ip_address for row in rows} == {"192.0.2.7"}

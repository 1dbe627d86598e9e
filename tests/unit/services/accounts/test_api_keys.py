from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import factories
from upscaler.errors import InvalidKey, KeyNotFound
from upscaler.models import ADMIN_ROLE, Account, AccountKey, AuditLog, utcnow
from upscaler.services.accounts import api_keys
from upscaler.services.audit import Actor


@pytest.fixture
def layla(db_session: Session) -> Account:
    return factories.new_account(db_session, "layla")


@pytest.fixture
def actor(layla: Account) -> Actor:
    return Actor(layla.id, "layla", "192.0.2.7")


def test_only_the_hash_of_a_new_key_is_stored(db_session: Session, actor: Actor, layla: Account) -> None:
    made = api_keys.create(db_session, actor, layla, " backup ", ["write", "read"])

    row = db_session.scalars(select(AccountKey)).one()
    assert (row.name, row.scopes, row.user_id) == ("backup", ["read", "write"], layla.id)
    assert row.prefix == made.secret[:10]
    assert made.secret.startswith("upk_")
    assert made.secret not in (row.key_hash, row.prefix)
    trail = db_session.scalars(select(AuditLog)).one()
    assert (trail.action, trail.entity_id) == ("key.create", row.id)
    assert trail.details == {"name": "backup", "scopes": ["read", "write"]}


@pytest.mark.parametrize(
    ("name", "scopes"),
    [
        ("  ", ["read"]),
        ("x" * 65, ["read"]),
        ("bell\a", ["read"]),
        ("backup", []),
        ("backup", ["read", "root"]),
        ("backup", ["admin"]),
    ],
)
def test_names_and_scopes_that_cannot_be_used_are_refused(
    db_session: Session, actor: Actor, layla: Account, name: str, scopes: list[str]
) -> None:
    with pytest.raises(InvalidKey):
        api_keys.create(db_session, actor, layla, name, scopes)

    assert api_keys.keys_of(db_session, layla) == []


def test_an_admin_may_have_a_key_that_administers(db_session: Session, actor: Actor) -> None:
    admin = factories.new_account(db_session, "abdullah", ADMIN_ROLE)

    assert api_keys.create(db_session, actor, admin, "console", ["admin"]).key.scopes == ["admin"]


def test_a_key_cannot_have_expired_already(db_session: Session, actor: Actor, layla: Account) -> None:
    with pytest.raises(InvalidKey, match="future"):
        api_keys.create(db_session, actor, layla, "backup", ["read"], utcnow())


def test_a_revoked_key_makes_room_for_another(db_session: Session, actor: Actor, layla: Account) -> None:
    keys = [factories.new_account_key(db_session, layla) for _ in range(api_keys.MAX_KEYS)]
    with pytest.raises(InvalidKey, match="Revoke one"):
        api_keys.create(db_session, actor, layla, "one more", ["read"])

    api_keys.revoke(db_session, actor, layla, keys[0].id)

    assert api_keys.create(db_session, actor, layla, "one more", ["read"]).key.name == "one more"


def test_keys_are_listed_by_age_without_those_of_others(
    db_session: Session, actor: Actor, layla: Account
) -> None:
    old, new, revoked = (
        factories.new_account_key(db_session, layla, created_at=utcnow() - timedelta(days=days))
        for days in (3, 2, 1)
    )
    factories.new_account_key(db_session, factories.new_account(db_session, "omar"))
    api_keys.revoke(db_session, actor, layla, revoked.id)

    assert [key.id for key in api_keys.keys_of(db_session, layla)] == [new.id, old.id]


def test_a_key_is_revoked_once_and_by_its_own_account(
    db_session: Session, actor: Actor, layla: Account
) -> None:
    made = api_keys.create(db_session, actor, layla, "backup", ["read"])
    with pytest.raises(KeyNotFound):
        api_keys.revoke(db_session, actor, factories.new_account(db_session, "omar"), made.key.id)
    assert api_keys.authenticate(db_session, made.secret) is not None

    api_keys.revoke(db_session, actor, layla, made.key.id)

    assert api_keys.authenticate(db_session, made.secret) is None
    with pytest.raises(KeyNotFound):
        api_keys.revoke(db_session, actor, layla, made.key.id)


def test_a_key_ends_with_its_date_and_with_its_account(
    db_session: Session, actor: Actor, layla: Account
) -> None:
    made = api_keys.create(db_session, actor, layla, "backup", ["read"], utcnow() + timedelta(days=1))
    assert api_keys.authenticate(db_session, made.secret) is not None
    assert api_keys.authenticate(db_session, made.secret + "x") is None

    layla.active = False
    db_session.commit()
    assert api_keys.authenticate(db_session, made.secret) is None
    layla.active = True
    made.key.expires_at = utcnow()
    db_session.commit()
    assert api_keys.authenticate(db_session, made.secret) is None


def test_the_last_use_is_noted_at_most_once_a_minute(
    db_session: Session, actor: Actor, layla: Account
) -> None:
    made = api_keys.create(db_session, actor, layla, "backup", ["read"])

    def last_use_after(age: timedelta) -> timedelta:
        made.key.last_used_at = utcnow() - age
        db_session.commit()
        api_keys.authenticate(db_session, made.secret)
        db_session.refresh(made.key)
        assert made.key.last_used_at is not None
        return utcnow() - made.key.last_used_at

    assert last_use_after(timedelta(seconds=30)) >= timedelta(seconds=30)
    assert last_use_after(timedelta(seconds=90)) < timedelta(seconds=30)

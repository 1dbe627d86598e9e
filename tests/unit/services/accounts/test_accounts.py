from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash

from upscaler.errors import AccountConflict, InvalidAccount
from upscaler.models import ADMIN_ROLE, USER_ROLE, Account, AuditLog, Job
from upscaler.services.accounts import accounts
from upscaler.services.accounts.account_data import AccountData
from upscaler.services.audit import Actor

PASSWORD = "correct horse battery"
SEEDER = Actor(None, "system", "")
LAYLA = AccountData("layla", "layla@example.org", "Layla", "Haddad")


@pytest.fixture
def admin(db_session: Session) -> Account:
    return accounts.create(
        db_session, SEEDER, AccountData("abdullah", "a@example.org", role=ADMIN_ROLE), PASSWORD
    )


@pytest.fixture
def actor(admin: Account) -> Actor:
    return Actor(admin.id, admin.username, "192.0.2.7")


def actions(session: Session) -> list[str]:
    return list(session.scalars(select(AuditLog.action).order_by(AuditLog.id)))


def test_a_new_account_has_a_hash_a_role_and_a_row_in_the_trail(db_session: Session, actor: Actor) -> None:
    user = accounts.create(db_session, actor, LAYLA, PASSWORD)

    assert user.password.startswith("scrypt:")
    assert check_password_hash(user.password, PASSWORD)
    assert [role.name for role in user.roles] == [USER_ROLE]
    row = db_session.scalars(select(AuditLog).order_by(AuditLog.id.desc())).first()
    assert row is not None
    assert (row.user_id, row.username, row.ip_address) == (actor.user_id, "abdullah", "192.0.2.7")
    assert (row.action, row.entity_type, row.entity_id) == ("user.create", "user", str(user.id))
    assert PASSWORD not in str(row.details)


@pytest.mark.parametrize(
    ("data", "password", "field"),
    [(replace(LAYLA, email="nobody"), PASSWORD, "email"), (LAYLA, "my name is LAYLA", "password")],
)
def test_an_account_that_breaks_a_rule_is_not_created(
    db_session: Session, actor: Actor, data: AccountData, password: str, field: str
) -> None:
    with pytest.raises(InvalidAccount) as refused:
        accounts.create(db_session, actor, data, password)

    assert refused.value.parameter == field
    assert list(db_session.scalars(select(Account.username))) == ["abdullah"]


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (AccountData("LAYLA", "other@example.org"), "username"),
        (AccountData("other", "Layla@Example.org"), "email"),
        (AccountData("ZOË", "other@example.org"), "username"),
        (AccountData("zoe\u0308\u3000", "other@example.org"), "username"),
        (AccountData("other", "\u2003ZOË@example.org"), "email"),
    ],
)
def test_names_and_addresses_are_taken_whatever_their_case(
    db_session: Session, actor: Actor, data: AccountData, field: str
) -> None:
    accounts.create(db_session, actor, LAYLA, PASSWORD)
    accounts.create(db_session, actor, AccountData("zoë", "zoë@example.org"), PASSWORD)

    with pytest.raises(InvalidAccount) as refused:
        accounts.create(db_session, actor, data, PASSWORD)

    assert refused.value.parameter == field


def test_an_edit_records_what_changed_and_nothing_else(db_session: Session, actor: Actor) -> None:
    user = accounts.create(db_session, actor, LAYLA, PASSWORD)

    assert accounts.update_account(db_session, actor, user, replace(LAYLA, role=ADMIN_ROLE, active=False))

    assert user.is_admin
    assert not user.active
    row = db_session.scalars(select(AuditLog).where(AuditLog.action == "user.update")).one()
    assert row.details == {
        "username": "layla",
        "role": {"from": USER_ROLE, "to": ADMIN_ROLE},
        "active": {"from": True, "to": False},
    }


def test_an_edit_without_a_change_leaves_no_trace(db_session: Session, actor: Actor) -> None:
    user = accounts.create(db_session, actor, LAYLA, PASSWORD)
    before = actions(db_session)

    assert not accounts.update_account(db_session, actor, user, LAYLA)
    assert actions(db_session) == before


def test_an_edit_cannot_take_somebody_elses_address(db_session: Session, actor: Actor) -> None:
    user = accounts.create(db_session, actor, LAYLA, PASSWORD)

    with pytest.raises(InvalidAccount, match="another account"):
        accounts.update_account(db_session, actor, user, replace(LAYLA, email="A@example.org"))


@pytest.mark.parametrize("loss", [{"role": USER_ROLE}, {"active": False}])
def test_nobody_takes_away_their_own_rights(
    db_session: Session, actor: Actor, admin: Account, loss: dict[str, str]
) -> None:
    accounts.create(db_session, actor, replace(LAYLA, role=ADMIN_ROLE), PASSWORD)
    data = AccountData("abdullah", "a@example.org", role=ADMIN_ROLE)

    with pytest.raises(AccountConflict, match="your own"):
        accounts.update_account(db_session, actor, admin, replace(data, **loss))


def test_the_last_admin_who_can_sign_in_stays(db_session: Session, actor: Actor, admin: Account) -> None:
    layla = accounts.create(db_session, actor, replace(LAYLA, role=ADMIN_ROLE, active=False), PASSWORD)
    her = Actor(layla.id, "layla", "")

    with pytest.raises(AccountConflict, match="at least one active admin"):
        accounts.delete(db_session, her, admin)
    with pytest.raises(AccountConflict, match="at least one active admin"):
        accounts.update_account(db_session, her, admin, AccountData("abdullah", "a@example.org"))

    assert "user.delete" not in actions(db_session)


def test_two_admins_who_delete_each_other_leave_one(
    database: Engine, db_session: Session, actor: Actor
) -> None:
    layla = accounts.create(db_session, actor, replace(LAYLA, role=ADMIN_ROLE), PASSWORD)
    admins = [actor.user_id, layla.id]
    outcomes: list[str] = []

    def remove(own: int, other: int) -> None:
        with Session(database) as session:
            try:
                accounts.delete(session, Actor(own, "", ""), session.get_one(Account, other))
                outcomes.append("deleted")
            except AccountConflict:
                outcomes.append("refused")

    threads = [threading.Thread(target=remove, args=pair) for pair in (admins, admins[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["deleted", "refused"]


def test_a_deleted_account_leaves_its_jobs_and_its_trail(
    db_session: Session, actor: Actor, new_job: Callable[..., Job]
) -> None:
    user = accounts.create(db_session, actor, LAYLA, PASSWORD)
    user_id = user.id
    other = accounts.create(
        db_session, Actor(user_id, "layla", ""), AccountData("omar", "o@example.org"), PASSWORD
    )
    other.created_by_fk = user_id
    job = new_job(owner_id=user_id)

    accounts.delete(db_session, actor, user)

    assert db_session.get(Account, user_id) is None
    db_session.refresh(job)
    db_session.refresh(other)
    assert job.owner_id is None
    assert other.created_by_fk is None
    row = db_session.scalars(select(AuditLog).where(AuditLog.username == "layla")).one()
    assert row.user_id is None


def test_a_new_password_changes_what_sessions_remember(db_session: Session, actor: Actor) -> None:
    user = accounts.create(db_session, actor, LAYLA, PASSWORD)
    before = user.get_id()

    accounts.reset_password(db_session, actor, user, "another long secret")

    assert check_password_hash(user.password, "another long secret")
    assert user.get_id() != before
    assert actions(db_session)[-1] == "user.reset_password"

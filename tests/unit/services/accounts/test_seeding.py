from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash

from upscaler.errors import InvalidAccount
from upscaler.models import Account, AuditLog, Role
from upscaler.services.accounts import accounts
from upscaler.services.accounts.seeding import Seeding, seed_admin
from upscaler.services.accounts.sign_in import signs_in_with
from upscaler.services.audit import SYSTEM


def actions(session: Session) -> list[str]:
    return list(session.scalars(select(AuditLog.action).order_by(AuditLog.id)))


def test_the_seed_makes_an_admin_once_and_never_touches_the_password_again(db_session: Session) -> None:
    assert seed_admin(db_session, "abdullah", "231980077") is Seeding.CREATED
    first = db_session.scalars(select(Account)).one()
    accounts.reset_password(db_session, SYSTEM, first, "changed by the admin")

    done = seed_admin(db_session, "Abdullah", "another one", public="231980077")
    assert done is Seeding.KEPT

    again = db_session.scalars(select(Account)).one()
    assert again.is_admin
    assert check_password_hash(again.password, "changed by the admin")
    assert {role.name for role in db_session.scalars(select(Role))} == {"Admin", "User", "Public"}


def test_the_seed_finds_its_admin_in_every_way_of_writing_the_name(db_session: Session) -> None:
    assert seed_admin(db_session, " Zoë ", "231980077") is Seeding.CREATED

    assert seed_admin(db_session, "ZOE\u0308\u00a0", "another one") is Seeding.KEPT
    assert list(db_session.scalars(select(Account.username))) == ["Zoë"]


def test_the_seed_replaces_a_password_that_everybody_knows(db_session: Session) -> None:
    seed_admin(db_session, "abdullah", "231980077", public="231980077")
    before = db_session.scalars(select(Account)).one().get_id()

    again = seed_admin(db_session, "abdullah", "231980077", public="231980077")
    done = seed_admin(db_session, "abdullah", "a better one", public="231980077")

    assert (again, done) == (Seeding.KEPT, Seeding.RENEWED)
    assert signs_in_with(db_session, "abdullah", "a better one")
    assert not signs_in_with(db_session, "abdullah", "231980077")
    assert not signs_in_with(db_session, "nobody", "231980077")
    assert db_session.scalars(select(Account)).one().get_id() != before, "its sessions have ended"
    assert actions(db_session)[-1] == "user.reset_password"


@pytest.mark.parametrize(("username", "password"), [("", "secret"), ("abdullah", ""), ("a b", "secret")])
def test_the_seed_refuses_what_nobody_could_sign_in_with(
    db_session: Session, username: str, password: str
) -> None:
    with pytest.raises(InvalidAccount):
        seed_admin(db_session, username, password)

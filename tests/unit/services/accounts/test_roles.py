from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from upscaler.models import ADMIN_ROLE, USER_ROLE, Role
from upscaler.services.accounts.roles import PUBLIC_ROLE, ensure_roles


def test_missing_roles_are_added_and_the_others_kept(db_session: Session) -> None:
    admins = Role(name=ADMIN_ROLE)
    db_session.add(admins)
    db_session.commit()

    roles = ensure_roles(db_session)
    db_session.commit()

    assert roles[ADMIN_ROLE].id == admins.id
    assert sorted(db_session.scalars(select(Role.name))) == sorted([ADMIN_ROLE, USER_ROLE, PUBLIC_ROLE])


def test_roles_are_added_with_the_callers_transaction_or_not_at_all(db_session: Session) -> None:
    ensure_roles(db_session)
    db_session.rollback()

    assert db_session.scalars(select(Role)).all() == []


def test_a_second_call_adds_none(db_session: Session) -> None:
    first = {name: role.id for name, role in ensure_roles(db_session).items()}

    assert {name: role.id for name, role in ensure_roles(db_session).items()} == first

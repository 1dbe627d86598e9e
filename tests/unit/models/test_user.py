from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests import factories
from upscaler.models import ADMIN_ROLE, USER_ROLE, Account, folded

DATABASES = ("sqlite", "postgresql")


@pytest.mark.parametrize(("role", "shown"), [(ADMIN_ROLE, "admin"), (USER_ROLE, "user")])
def test_a_role_has_one_word(db_session: Session, role: str, shown: str) -> None:
    account = factories.new_account(db_session, role=role)

    assert (account.role, account.is_admin) == (shown, shown == "admin")


def test_an_account_without_a_role_is_no_admin(db_session: Session) -> None:
    account = factories.new_account(db_session, role=ADMIN_ROLE)

    account.roles = []

    assert (account.role, account.is_admin) == ("user", False)


def set_password(account: Account) -> None:
    account.password = "another hash"


def end_sessions(account: Account) -> None:
    account.sign_in_version += 1


@pytest.mark.parametrize("change", [set_password, end_sessions])
def test_sessions_end_with_a_new_password_and_with_a_new_version(
    db_session: Session, change: Callable[[Account], None]
) -> None:
    account = factories.new_account(db_session)
    stamp, remembered = account.sign_in_stamp, account.get_id()

    change(account)

    assert account.sign_in_stamp != stamp
    assert account.get_id() != remembered


def test_sessions_outlive_any_other_change(db_session: Session) -> None:
    account = factories.new_account(db_session)
    remembered = account.get_id()

    account.email, account.first_name = "layla@example.com", "Layla"
    db_session.commit()
    db_session.expire_all()

    assert account.get_id() == remembered
    assert remembered == f"{account.id}.{account.sign_in_stamp}"


def test_two_accounts_without_a_password_are_distinguished_by_their_ids(db_session: Session) -> None:
    layla, sven = (factories.new_account(db_session, name, password=None) for name in ("layla", "sven"))

    assert layla.get_id() != sven.get_id()


def test_a_row_of_flask_appbuilder_has_a_version(db_session: Session) -> None:
    # The factory writes every column, which Flask-AppBuilder by itself does not.
    columns = "id, first_name, last_name, username, active, email"
    db_session.execute(
        text(f"INSERT INTO ab_user ({columns}) VALUES (7, '', '', 'layla', true, 'layla@example.org')")  # noqa: S608 - names of columns
    )

    assert db_session.get_one(Account, 7).sign_in_version == 0


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("ZOË", "zoë"),
        ("Zoe\u0308", "zoë"),
        ("\u2003anna\u00a0\t", "anna"),
        ("\uff21nna", "anna"),
        ("STRASSE", "straße"),
        ("ΣΟΦΟΣ", "σοφος"),
        ("\u01c4", "dž"),
        ("ليلى", "ليلى"),
    ],
)
def test_names_that_look_alike_are_compared_as_one(written: str, compared: str) -> None:
    assert folded(written) == folded(compared)


@pytest.mark.parametrize(("one", "other"), [("zoe", "zoë"), ("anna", "anne"), ("a b", "ab")])
def test_other_names_stay_apart(one: str, other: str) -> None:
    assert folded(one) != folded(other)


@given(st.text(max_size=20))
def test_folding_again_changes_nothing(name: str) -> None:
    assert folded(folded(name)) == folded(name)
    assert folded(f"\u3000{name}\n") == folded(name)


@pytest.mark.parametrize("column", ["username", "email"])
def test_the_database_refuses_a_name_that_is_taken_in_capitals(database: Engine, column: str) -> None:
    with Session(database) as session:
        factories.new_account(session, "zoë", email="zoë@example.org")
        other = {"username": "anna", "email": "anna@example.org"}
        with pytest.raises(IntegrityError):
            factories.new_account(
                session, **{**other, column: f"ZOË{'@Example.org' if column == 'email' else ''}"}
            )


def test_a_changed_name_is_folded_anew(database: Engine) -> None:
    with Session(database) as session:
        account = factories.new_account(session, "anna")
        account.email = "Anna.Maria@Example.org"
        session.commit()

        assert session.scalar(select(Account.email_key)) == "anna.maria@example.org"
        assert session.scalar(select(Account.email)) == "Anna.Maria@Example.org"

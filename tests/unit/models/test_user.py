from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests import factories
from upscaler.models import Account, folded


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

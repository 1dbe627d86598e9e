from __future__ import annotations

from dataclasses import replace

import pytest

from upscaler.errors import InvalidAccount
from upscaler.models import ADMIN_ROLE
from upscaler.services.accounts.account_data import (
    MAX_NAME,
    MAX_PASSWORD,
    MIN_PASSWORD,
    AccountData,
    check_password,
    checked,
)

LAYLA = AccountData("layla", "layla@example.org", "Layla", "Haddad")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", ""),
        ("username", "two words"),
        ("username", "layla@example.org"),
        ("username", "x" * 65),
        ("email", "nobody"),
        ("email", "@example.org"),
        ("email", "layla@"),
        ("email", "a b@example.org"),
        ("email", "a@" + "x" * 320),
        ("first_name", "x" * 65),
        ("last_name", "bell\a"),
        ("role", "Root"),
    ],
)
def test_the_error_names_the_value_that_cannot_be_used(field: str, value: str) -> None:
    with pytest.raises(InvalidAccount) as refused:
        checked(replace(LAYLA, **{field: value}))

    assert refused.value.parameter == field


def test_data_is_returned_in_canonical_form() -> None:
    data = AccountData(
        " \uff4c\uff41\uff59\uff4c\uff41 ",
        " layla@example.org ",
        " Layla ",
        " Haddad ",
        ADMIN_ROLE,
        active=False,
    )

    assert checked(data) == replace(LAYLA, role=ADMIN_ROLE, active=False)


def test_blanks_and_compatibility_forms_are_removed_from_an_address() -> None:
    assert checked(replace(LAYLA, email="\u2003Zo\u00eb\uff20example.org\u00a0")).email == "Zoë@example.org"


@pytest.mark.parametrize("username", ["ليلى", "a.b_c-d", "x" * MAX_NAME])
def test_letters_of_every_script_may_be_used(username: str) -> None:
    assert checked(replace(LAYLA, username=username)).username == username


def test_a_password_must_not_contain_the_name_in_capitals_of_any_script() -> None:
    with pytest.raises(InvalidAccount):
        check_password("secret of ZOË, really", "zoë")


@pytest.mark.parametrize("password", ["short", "x" * 129, "my name is LAYLA", "nul\0 in the middle"])
def test_passwords_that_are_no_secret_are_refused(password: str) -> None:
    with pytest.raises(InvalidAccount) as refused:
        check_password(password, "layla")

    assert refused.value.parameter == "password"


@pytest.mark.parametrize("length", [MIN_PASSWORD, MAX_PASSWORD])
def test_the_limits_of_a_password_are_allowed(length: int) -> None:
    check_password("x" * length, "layla")
    with pytest.raises(InvalidAccount):
        check_password("x" * (length - 1 if length == MIN_PASSWORD else length + 1), "layla")

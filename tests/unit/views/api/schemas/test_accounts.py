from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.support.strict_schemas import misfits
from tests.unit.views.api.conftest import Program, faults
from upscaler.models import Account
from upscaler.views.api.schemas.accounts import AccountListSchema, AccountSchema, OwnAccountSchema

NEW = {"username": "layla", "email": "layla@example.org", "password": "a long pass phrase"}
Faults = list[tuple[str, str]]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["abdullah", "layla", "sven"]),
        ("q=ven", ["sven"]),
        ("role=admin", ["abdullah"]),
        ("role=user&is_active=true", ["layla"]),
        ("is_active=0", ["sven"]),
    ],
)
def test_accounts_are_filtered(admin: Program, session: Session, query: str, names: list[str]) -> None:
    factories.new_account(session, "layla")
    factories.new_account(session, "sven", active=False)

    answer = admin.get(f"/admin/users?{query}").get_json()

    assert misfits(AccountListSchema(), answer) == []
    assert [account["username"] for account in answer["items"]] == names


def test_each_wrong_filter_is_listed(admin: Program) -> None:
    answer = admin.get("/admin/users?colour=red&q=&role=Admin&is_active=perhaps&limit=101&cursor=")

    assert faults(answer) == [
        ("colour", "unknown_parameter"),
        *((name, "invalid_parameter") for name in ("cursor", "is_active", "limit", "q", "role")),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"first_name": "", "last_name": "x" * 64, "role": "admin", "is_active": False},
        {"email": "ليلى@example.org", "first_name": "ليلى", "role": "user", "is_active": True},
    ],
    ids=["required", "all", "Arabic"],
)
def test_an_account_comes_back_as_it_was_sent(admin: Program, change: dict[str, Any]) -> None:
    sent = {**NEW, **change}

    made = admin.post("/admin/users", json=sent)

    assert made.status_code == 201, made.text
    account = made.get_json()
    assert misfits(AccountSchema(), account) == []
    defaults = {"first_name": "", "last_name": "", "role": "user", "is_active": True}
    expected = {name: value for name, value in {**defaults, **sent}.items() if name != "password"}
    assert {name: account[name] for name in expected} == expected
    # What is read of an account may be sent to change it.
    path = f"/admin/users/{account['id']}"
    writable = {name: account[name] for name in ("email", "first_name", "last_name", "role", "is_active")}
    assert admin.request("PATCH", path, json=writable).get_json() == account


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, [(name, "missing_parameter") for name in ("email", "password", "username")]),
        (
            {"nickname": "l", "username": "", "email": "", "role": "owner", "is_active": 1},
            [
                ("nickname", "unknown_parameter"),
                ("password", "missing_parameter"),
                *((name, "invalid_parameter") for name in ("email", "is_active", "role", "username")),
            ],
        ),
        (
            {**NEW, "username": "x" * 65, "email": "x" * 321, "password": "x" * 129, "first_name": "x" * 65},
            [(name, "invalid_parameter") for name in ("email", "first_name", "password", "username")],
        ),
        (
            {**NEW, "first_name": None, "last_name": 1},
            [(name, "invalid_parameter") for name in ("first_name", "last_name")],
        ),
        ({**NEW, "last_name": "nul\0"}, [("last_name", "invalid_parameter")]),
    ],
)
def test_each_wrong_member_of_a_new_account_is_listed(
    admin: Program, body: dict[str, Any], found: Faults
) -> None:
    assert faults(admin.post("/admin/users", json=body)) == found


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            {"username": "other", "password": "a long pass phrase"},
            [("password", "unknown_parameter"), ("username", "unknown_parameter")],
        ),
        (
            {"email": None, "role": "Admin", "is_active": "no"},
            [(name, "invalid_parameter") for name in ("email", "is_active", "role")],
        ),
    ],
)
def test_each_wrong_member_of_a_change_is_listed(
    admin: Program, new_account: Callable[..., Account], change: dict[str, Any], found: Faults
) -> None:
    path = f"/admin/users/{new_account('layla').id}"

    assert faults(admin.request("PATCH", path, json=change)) == found


def test_a_change_of_nothing_leaves_an_account_as_it_was(
    admin: Program, new_account: Callable[..., Account]
) -> None:
    path = f"/admin/users/{new_account('layla').id}"
    before = admin.get(path).get_json()

    assert admin.request("PATCH", path, json={}).get_json() == before


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, [("password", "missing_parameter")]),
        (
            {"password": "", "again": ""},
            [("again", "unknown_parameter"), ("password", "invalid_parameter")],
        ),
        ({"password": 1_234_567_890}, [("password", "invalid_parameter")]),
    ],
)
def test_each_wrong_member_of_a_new_password_is_listed(
    admin: Program, new_account: Callable[..., Account], body: dict[str, Any], found: Faults
) -> None:
    path = f"/admin/users/{new_account('layla').id}/password"

    assert faults(admin.post(path, json=body)) == found


def test_ones_own_account_fits_with_and_without_limits(
    admin: Program, with_key: Callable[..., Program]
) -> None:
    layla = with_key("layla")
    own = layla.get("/me").get_json()
    assert misfits(OwnAccountSchema(), own) == []
    assert own["quota"]["upload_rates"] != []

    off = dict.fromkeys(("account_rate_limit", "preview_rate_limit", "poll_rate_limit"), "off")
    assert admin.request("PATCH", "/admin/settings", json=off).status_code == 200

    unlimited = layla.get("/me").get_json()
    assert misfits(OwnAccountSchema(), unlimited) == []
    assert {name: rates for name, rates in unlimited["quota"].items() if name.endswith("_rates")} == {
        "upload_rates": [],
        "preview_rates": [],
        "request_rates": [],
    }

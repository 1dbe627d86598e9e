from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.strict_schemas import misfits
from tests.unit.views.api.conftest import Program, faults
from upscaler.views.api.schemas.keys import AdminKeyListSchema, KeyListSchema, NewKeySchema


@pytest.fixture
def layla(client: FlaskClient, tokens: dict[str, Any]) -> Program:
    """A program with a token: keys make no keys."""
    return Program(client, tokens["access_token"])


# The same in every process that collects the tests.
SOON = "2099-01-31T12:00:00Z"


@pytest.mark.parametrize(
    ("change", "scopes", "expires_at"),
    [
        ({}, ["read", "write"], None),
        ({"scopes": ["read"], "expires_at": SOON}, ["read"], SOON),
        ({"scopes": ["write", "read"], "expires_at": None}, ["read", "write"], None),
    ],
)
def test_a_key_comes_back_as_it_was_asked_for(
    layla: Program, change: dict[str, Any], scopes: list[str], expires_at: str | None
) -> None:
    made = layla.post("/me/keys", json={"name": "x" * 64, **change}).get_json()
    listed = layla.get("/me/keys").get_json()

    assert misfits(NewKeySchema(), made) == []
    assert misfits(KeyListSchema(), listed) == []
    assert (made["scopes"], made["expires_at"]) == (scopes, expires_at)
    assert listed["items"] == [{name: value for name, value in made.items() if name != "key"}]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, [("name", "missing_parameter")]),
        (
            {"name": "", "scopes": ["read", "everything"], "expires_at": "tomorrow", "owner": "layla"},
            [
                ("owner", "unknown_parameter"),
                *((name, "invalid_parameter") for name in ("expires_at", "name", "scopes")),
            ],
        ),
        (
            {"name": "x" * 65, "scopes": [], "expires_at": "2100-01-01T00:00:00"},
            [(name, "invalid_parameter") for name in ("expires_at", "name", "scopes")],
        ),
        (
            {"name": None, "scopes": "read", "expires_at": 4_102_444_800},
            [(name, "invalid_parameter") for name in ("expires_at", "name", "scopes")],
        ),
        ({"name": "a", "scopes": None}, [("scopes", "invalid_parameter")]),
        ({"name": "a", "scopes": ["read"] * 4}, [("scopes", "invalid_parameter")]),
    ],
)
def test_each_wrong_member_is_listed(
    layla: Program, body: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    assert faults(layla.post("/me/keys", json=body)) == found
    assert layla.get("/me/keys").get_json() == {"items": []}


def test_keys_of_everyone_fit_with_their_owners(admin: Program, with_key: Callable[..., Program]) -> None:
    with_key("layla")

    listed = admin.get("/admin/keys?user=lay").get_json()

    assert misfits(AdminKeyListSchema(), listed) == []
    assert [key["username"] for key in listed["items"]] == ["layla"]


def test_each_wrong_filter_is_listed(admin: Program) -> None:
    assert faults(admin.get("/admin/keys?q=a&user=&limit=x")) == [
        ("q", "unknown_parameter"),
        ("limit", "invalid_parameter"),
        ("user", "invalid_parameter"),
    ]

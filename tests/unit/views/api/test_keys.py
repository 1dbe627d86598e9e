"""API keys of the caller's account."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.unit.views.api.conftest import NOBODY, Program, assert_refused
from upscaler.models import Account, AccountKey, AuditLog, utcnow
from upscaler.services.accounts import api_keys

NewAccount = Callable[..., Account]


WithKey = Callable[..., Program]


def test_a_key_is_made_used_and_revoked(
    client: FlaskClient, tokens: dict[str, Any], session: Session
) -> None:
    person = Program(client, tokens["access_token"])
    made = person.post("/me/keys", json={"name": " nightly ", "scopes": ["write", "read"]})
    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "no-store"
    key = made.get_json()
    assert re.fullmatch(r"upk_[\w-]{43}", key["key"])
    assert (key["name"], key["scopes"], key["last_used_at"]) == ("nightly", ["read", "write"], None)

    program = Program(client, key["key"])
    answer = program.upload()

    assert answer.status_code == 202
    [listed] = person.get("/me/keys").get_json()["items"]
    assert "key" not in listed
    assert key["key"].startswith(listed["prefix"])
    assert listed["last_used_at"] is not None
    stored = session.query(AccountKey).one()
    assert key["key"] not in str(vars(stored))
    assert person.delete(f"/me/keys/{key['id']}").status_code == 204
    assert_refused(program.upload())
    assert person.get("/me/keys").get_json() == {"items": []}
    assert person.delete(f"/me/keys/{key['id']}").get_json()["code"] == "key_not_found"
    assert {row.action for row in session.query(AuditLog)} >= {"key.create", "key.revoke"}


@pytest.mark.parametrize("change", ["expired", "inactive"])
def test_a_key_that_is_over_is_refused(with_key: WithKey, session: Session, change: str) -> None:
    program = with_key("layla")
    if change == "expired":
        session.query(AccountKey).update({"expires_at": utcnow() - timedelta(seconds=1)})
    else:
        session.query(Account).update({"active": False})
    session.commit()

    assert_refused(program.get("/jobs/job_unknown"))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_key_cannot_make_or_see_keys(admin: Program, method: str) -> None:
    answer = admin.request(method, "/me/keys", json={"name": "another"} if method == "POST" else None)

    assert (answer.status_code, answer.get_json()["code"]) == (403, "keys_not_accepted")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": "x", "scopes": ["admin"]}, "invalid_key"),
        ({"name": " "}, "invalid_key"),
        ({"name": "x", "scopes": []}, "invalid_parameter"),
        ({"name": "x", "scopes": ["everything"]}, "invalid_parameter"),
        ({"name": "x", "expires_at": "2020-01-01T00:00:00Z"}, "invalid_key"),
        ({"name": "x", "expires_at": "tomorrow"}, "invalid_parameter"),
        ({"name": "x", "expires_at": "9999-12-31T23:59:59-14:00"}, "invalid_parameter"),
        ({"name": "x", "expires_at": "0001-01-01T00:00:00+14:00"}, "invalid_parameter"),
        ({"name": "nul\0"}, "invalid_parameter"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(
    client: FlaskClient, tokens: dict[str, Any], body: dict[str, Any], code: str
) -> None:
    answer = Program(client, tokens["access_token"]).post("/me/keys", json=body)

    assert (answer.status_code, answer.get_json()["code"]) == (422, code)


def test_every_value_at_fault_is_named(client: FlaskClient, tokens: dict[str, Any]) -> None:
    body = {"name": " ", "scopes": ["admin"], "expires_at": "2020-01-01T00:00:00Z"}
    refused = Program(client, tokens["access_token"]).post("/me/keys", json=body)

    assert [found["parameter"] for found in refused.get_json()["errors"]] == ["name", "scopes", "expires_at"]


def test_nobody_touches_the_keys_of_others(
    client: FlaskClient, tokens: dict[str, Any], session: Session, new_account: NewAccount
) -> None:
    other = api_keys.create(session, NOBODY, new_account("sven"), "his", ["read"])

    answer = Program(client, tokens["access_token"]).delete(f"/me/keys/{other.key.id}")

    assert answer.get_json()["code"] == "key_not_found"

"""Sessions of tokens: signing in, refreshing, signing out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import PASSWORD
from tests.unit.views.api.conftest import Program, assert_refused, keys_with, log_in, refresh
from upscaler.models import ADMIN_ROLE, Account, AuditLog
from upscaler.services.accounts import accounts
from upscaler.services.audit import Actor

NewAccount = Callable[..., Account]


def test_a_token_lets_a_program_in(client: FlaskClient, tokens: dict[str, Any]) -> None:
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 900)
    assert keys_with(client, tokens["access_token"]).get_json() == {"items": []}


def test_the_next_tokens_are_as_good_and_the_refresh_token_is_used_up(
    client: FlaskClient, tokens: dict[str, Any]
) -> None:
    again = refresh(client, tokens["refresh_token"]).get_json()

    assert keys_with(client, again["access_token"]).status_code == 200
    # It comes a second time: somebody has a copy, so the whole session ends.
    assert_refused(refresh(client, tokens["refresh_token"]))
    assert_refused(refresh(client, again["refresh_token"]))
    assert_refused(keys_with(client, again["access_token"]))


def test_signing_out_ends_all_tokens_of_the_session_and_no_other(
    client: FlaskClient, tokens: dict[str, Any]
) -> None:
    other = log_in(client).get_json()

    assert Program(client, tokens["access_token"]).post("/auth/logout").status_code == 204

    assert_refused(keys_with(client, tokens["access_token"]))
    assert_refused(refresh(client, tokens["refresh_token"]))
    assert keys_with(client, other["access_token"]).status_code == 200


@pytest.mark.parametrize("change", ["password", "role", "deactivation", "deactivated and back", "deleted"])
def test_tokens_end_when_the_account_changes(
    client: FlaskClient, tokens: dict[str, Any], session: Session, new_account: NewAccount, change: str
) -> None:
    admin = new_account("abdullah", ADMIN_ROLE)
    actor = Actor(admin.id, "abdullah", "")
    account = session.query(Account).filter_by(username="layla").one()
    data = accounts.AccountData("layla", "layla@example.org")
    if change == "password":
        accounts.reset_password(session, actor, account, "quite another secret")
    elif change == "role":
        data = accounts.AccountData("layla", "layla@example.org", role=ADMIN_ROLE)
        accounts.update_account(session, actor, account, data)
    elif change == "deleted":
        accounts.delete(session, actor, account)
    else:
        off = accounts.AccountData("layla", "layla@example.org", active=False)
        accounts.update_account(session, actor, account, off)
        if change == "deactivated and back":
            accounts.update_account(session, actor, account, data)

    assert_refused(keys_with(client, tokens["access_token"]))
    assert_refused(refresh(client, tokens["refresh_token"]))


@pytest.mark.parametrize("name", ["layla", "LAYLA@example.org", "nobody"])
def test_a_wrong_password_is_refused_and_noted(
    client: FlaskClient, new_account: NewAccount, session: Session, name: str
) -> None:
    new_account("layla")

    assert_refused(log_in(client, name, "wrong"))

    assert session.query(AuditLog).filter_by(action="login.failed").count() == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"username": "layla"}, "missing_parameter"),
        ({"username": "layla", "password": PASSWORD, "remember": True}, "unknown_parameter"),
        ({"username": ["layla"], "password": PASSWORD}, "invalid_parameter"),
        ([], "invalid_request"),
    ],
)
def test_a_login_that_is_no_login_is_explained(visitor: Program, body: Any, code: str) -> None:
    answer = visitor.post("/auth/login", json=body)

    assert (answer.status_code // 100, answer.get_json()["code"]) == (4, code)
    assert PASSWORD not in answer.text

"""Keys, tokens and cookies: who gets in, who does not, and with which words."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import PASSWORD
from tests.unit.views.api.conftest import NOBODY, Program
from upscaler.models import ADMIN_ROLE, Account, AccountKey, AuditLog, TokenSession, utcnow
from upscaler.services.accounts import accounts, api_keys
from upscaler.services.audit import Actor

NewAccount = Callable[..., Account]
WithKey = Callable[..., Program]


def log_in(api: Flask, name: str = "layla", password: str = PASSWORD, address: str = "127.0.0.1") -> Any:
    return api.test_client().post(
        "/api/v1/auth/login",
        json={"username": name, "password": password},
        environ_base={"REMOTE_ADDR": address},
    )


@pytest.fixture
def tokens(api: Flask, new_account: NewAccount) -> dict[str, Any]:
    new_account("layla")
    answer = log_in(api)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    return dict(answer.get_json())


def refresh(api: Flask, token: str) -> Any:
    return api.test_client().post("/api/v1/auth/refresh", json={"refresh_token": token})


def keys_with(api: Flask, token: str) -> Any:
    return Program(api.test_client(), token).get("/me/keys")


def assert_refused(answer: Any, code: str = "invalid_credentials") -> None:
    assert (answer.status_code, answer.get_json()["code"]) == (401, code)
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="ImageUpscalerPro"')


def test_a_token_lets_a_program_in(api: Flask, tokens: dict[str, Any]) -> None:
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 900)
    assert keys_with(api, tokens["access_token"]).get_json() == {"items": []}


def test_the_next_tokens_are_as_good_and_the_refresh_token_is_used_up(
    api: Flask, tokens: dict[str, Any]
) -> None:
    again = refresh(api, tokens["refresh_token"]).get_json()

    assert keys_with(api, again["access_token"]).status_code == 200
    # It comes a second time: somebody has a copy, so the whole session ends.
    assert_refused(refresh(api, tokens["refresh_token"]))
    assert_refused(refresh(api, again["refresh_token"]))
    assert_refused(keys_with(api, again["access_token"]))


def test_signing_out_ends_all_tokens_of_the_session_and_no_other(api: Flask, tokens: dict[str, Any]) -> None:
    other = log_in(api).get_json()

    assert Program(api.test_client(), tokens["access_token"]).post("/auth/logout").status_code == 204

    assert_refused(keys_with(api, tokens["access_token"]))
    assert_refused(refresh(api, tokens["refresh_token"]))
    assert keys_with(api, other["access_token"]).status_code == 200


def test_an_expired_token_is_told_apart(
    api: Flask, tokens: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("upscaler.views.api.tokens.ACCESS_LIFE", timedelta(seconds=-1))
    old = refresh(api, tokens["refresh_token"]).get_json()

    answer = keys_with(api, old["access_token"])

    assert_refused(answer, "token_expired")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_a_session_that_nobody_refreshed_is_over(
    api: Flask, tokens: dict[str, Any], session: Session
) -> None:
    session.query(TokenSession).update({"expires_at": utcnow() - timedelta(seconds=1)})
    session.commit()

    assert_refused(keys_with(api, tokens["access_token"]))


@pytest.mark.parametrize("change", ["password", "role", "deactivation", "deactivated and back", "deleted"])
def test_tokens_end_when_the_account_changes(
    api: Flask, tokens: dict[str, Any], session: Session, new_account: NewAccount, change: str
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

    assert_refused(keys_with(api, tokens["access_token"]))
    assert_refused(refresh(api, tokens["refresh_token"]))


def test_a_token_of_one_kind_is_not_taken_for_the_other(api: Flask, tokens: dict[str, Any]) -> None:
    assert_refused(keys_with(api, tokens["refresh_token"]))
    assert_refused(refresh(api, tokens["access_token"]))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic bGF5bGE6c2VjcmV0",
        "Bearer nonsense",
        "Bearer a.b.c",
        "Bearer upk_" + "x" * 43,
        "Bearer upk_\xe9",
        "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIiwidHlwZSI6ImFjY2VzcyJ9.",
    ],
)
def test_bad_credentials_are_refused_also_where_none_are_needed(visitor: Program, header: str) -> None:
    assert_refused(visitor.get("/jobs/job_unknown", headers={"Authorization": header}))


@pytest.mark.parametrize("name", ["layla", "LAYLA@example.org", "nobody"])
def test_a_wrong_password_is_refused_and_noted(
    api: Flask, new_account: NewAccount, session: Session, name: str
) -> None:
    new_account("layla")

    assert_refused(log_in(api, name, "wrong"))

    assert session.query(AuditLog).filter_by(action="login.failed").count() == 1


def test_tries_are_limited_for_an_address(api: Flask, new_account: NewAccount) -> None:
    new_account("layla")
    for number in range(10):
        assert log_in(api, f"name{number}", "wrong").status_code == 401

    answer = log_in(api)

    assert (answer.status_code, answer.get_json()["code"]) == (429, "rate_limited")
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert log_in(api, address="192.0.2.9").status_code == 200


def test_tries_are_limited_for_an_account_from_many_addresses_and_under_each_of_its_names(
    api: Flask, new_account: NewAccount
) -> None:
    new_account("layla")
    names = ["layla", "Layla@Example.org"] * 10
    for number, name in enumerate(names):
        assert log_in(api, name, "wrong", f"192.0.2.{number}").status_code == 401

    assert log_in(api, "layla", PASSWORD, "192.0.2.100").status_code == 429
    new_account("sven")
    assert log_in(api, "sven", PASSWORD, "192.0.2.100").status_code == 200


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


# Keys


def test_a_key_is_made_used_and_revoked(api: Flask, tokens: dict[str, Any], session: Session) -> None:
    person = Program(api.test_client(), tokens["access_token"])
    made = person.post("/me/keys", json={"name": " nightly ", "scopes": ["write", "read"]})
    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "no-store"
    key = made.get_json()
    assert re.fullmatch(r"upk_[\w-]{43}", key["key"])
    assert (key["name"], key["scopes"], key["last_used_at"]) == ("nightly", ["read", "write"], None)

    program = Program(api.test_client(), key["key"])
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


def test_a_key_may_only_do_what_its_rights_say(with_key: WithKey) -> None:
    answer = with_key("layla", scopes=("read",)).upload()

    assert (answer.status_code, answer.get_json()["code"]) == (403, "insufficient_scope")
    assert 'scope="write"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_key_cannot_make_or_see_keys(admin: Program, method: str) -> None:
    answer = admin.request(method, "/me/keys", json={"name": "another"} if method == "POST" else None)

    assert (answer.status_code, answer.get_json()["code"]) == (403, "keys_not_accepted")


def test_the_key_of_an_admin_who_is_none_any_more_has_lost_that_right(
    with_key: WithKey, session: Session, new_account: NewAccount
) -> None:
    program = with_key("abdullah", ADMIN_ROLE, api_keys.SCOPES)
    assert program.post("/jobs/job_unknown/requeue").status_code == 404
    account = session.query(Account).one()
    other = new_account("sven", ADMIN_ROLE)

    data = accounts.AccountData("abdullah", "abdullah@example.org")
    accounts.update_account(session, Actor(other.id, "sven", ""), account, data)

    assert program.post("/jobs/job_unknown/requeue").get_json()["code"] == "forbidden"


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
    api: Flask, tokens: dict[str, Any], body: dict[str, Any], code: str
) -> None:
    answer = Program(api.test_client(), tokens["access_token"]).post("/me/keys", json=body)

    assert (answer.status_code, answer.get_json()["code"]) == (422, code)


def test_nobody_touches_the_keys_of_others(
    api: Flask, tokens: dict[str, Any], session: Session, new_account: NewAccount
) -> None:
    other = api_keys.create(session, NOBODY, new_account("sven"), "his", ["read"])

    answer = Program(api.test_client(), tokens["access_token"]).delete(f"/me/keys/{other.key.id}")

    assert answer.get_json()["code"] == "key_not_found"


# Cookies, and a service that is closed to visitors


def browser(api: Flask, name: str) -> tuple[Program, str]:
    client = api.test_client()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/admin/login").text)
    assert token
    form = {"username": name, "password": PASSWORD, "csrf_token": token[1]}
    client.post("/admin/login", data=form)
    fresh = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/").text)
    assert fresh
    return Program(client), fresh[1]


def test_a_cookie_needs_the_token_of_a_page_for_what_changes_things(
    api: Flask, new_account: NewAccount
) -> None:
    new_account("layla")
    page, token = browser(api, "layla")

    assert page.get("/me/keys").status_code == 200
    assert page.post("/me/keys", json={"name": "x"}).get_json()["code"] == "invalid_request"
    assert page.post("/me/keys", json={"name": "x"}, headers={"X-CSRFToken": token}).status_code == 201


@pytest.mark.parametrize("cookie", ["session=made-up", ""])
def test_a_cookie_that_speaks_for_nobody_is_asked_to_sign_in(api: Flask, cookie: str) -> None:
    client = api.test_client()
    # One that the service gave itself, to a visitor of a page.
    assert client.get("/").status_code == 200
    headers = {"Cookie": cookie} if cookie else {}

    answer = client.post("/api/v1/me/keys", json={"name": "x"}, headers=headers)

    assert (answer.status_code, answer.get_json()["code"]) == (401, "authentication_required")


def test_a_key_counts_more_than_a_cookie(api: Flask, new_account: NewAccount, with_key: WithKey) -> None:
    new_account("layla")
    page, _ = browser(api, "layla")
    key = with_key("sven").headers

    assert page.upload(headers=key).status_code == 202
    assert_refused(page.get("/me/keys", headers={"Authorization": "Bearer upk_wrong"}))


def test_a_service_for_people_with_accounts_is_closed_to_visitors(
    api: Flask, visitor: Program, with_key: WithKey, session: Session
) -> None:
    program = with_key("layla")
    job_id = program.upload().get_json()["job_id"]
    api.extensions["upscaler"].settings.update(session, NOBODY, {"require_login": "on"})

    assert_refused(visitor.upload(), "authentication_required")
    assert_refused(visitor.get(f"/jobs/{job_id}"), "authentication_required")
    assert visitor.get("/health").status_code == 200
    assert program.get(f"/jobs/{job_id}").status_code == 200
    page = visitor.client.get(f"/jobs/{job_id}")
    assert (page.status_code, page.location) == (303, f"/admin/login?next=/jobs/{job_id}")
    assert visitor.client.get("/").location == "/admin/login?next=/"

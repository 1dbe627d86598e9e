"""Who gets in with which credentials, and what they may do."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import PASSWORD
from tests.unit.views.api.conftest import NOBODY, Program, assert_refused
from upscaler.models import ADMIN_ROLE, Account
from upscaler.services.accounts import accounts, api_keys
from upscaler.services.audit import Actor

NewAccount = Callable[..., Account]


WithKey = Callable[..., Program]


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


def test_a_key_may_only_do_what_its_rights_say(with_key: WithKey) -> None:
    answer = with_key("layla", scopes=("read",)).upload()

    assert (answer.status_code, answer.get_json()["code"]) == (403, "insufficient_scope")
    assert 'scope="write"' in answer.headers["WWW-Authenticate"]


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


def browser(client: FlaskClient, name: str) -> tuple[Program, str]:
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/admin/login").text)
    assert token
    form = {"username": name, "password": PASSWORD, "csrf_token": token[1]}
    client.post("/admin/login", data=form)
    fresh = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/").text)
    assert fresh
    return Program(client), fresh[1]


def test_a_cookie_needs_the_token_of_a_page_for_what_changes_things(
    client: FlaskClient, new_account: NewAccount
) -> None:
    new_account("layla")
    page, token = browser(client, "layla")

    assert page.get("/me/keys").status_code == 200
    assert page.post("/me/keys", json={"name": "x"}).get_json()["code"] == "invalid_request"
    assert page.post("/me/keys", json={"name": "x"}, headers={"X-CSRFToken": token}).status_code == 201


@pytest.mark.parametrize("cookie", ["session=made-up", ""])
def test_a_cookie_that_speaks_for_nobody_is_asked_to_sign_in(client: FlaskClient, cookie: str) -> None:
    # One that the service gave itself, to a visitor of a page.
    assert client.get("/").status_code == 200
    headers = {"Cookie": cookie} if cookie else {}

    answer = client.post("/api/v1/me/keys", json={"name": "x"}, headers=headers)

    assert (answer.status_code, answer.get_json()["code"]) == (401, "authentication_required")


def test_a_key_counts_more_than_a_cookie(
    client: FlaskClient, new_account: NewAccount, with_key: WithKey
) -> None:
    new_account("layla")
    page, _ = browser(client, "layla")
    key = with_key("sven").headers

    assert page.upload(headers=key).status_code == 202
    assert_refused(page.get("/me/keys", headers={"Authorization": "Bearer upk_wrong"}))


def test_a_service_for_people_with_accounts_is_closed_to_visitors(
    app: Flask, visitor: Program, with_key: WithKey, session: Session
) -> None:
    program = with_key("layla")
    job_id = program.upload().get_json()["job_id"]
    app.extensions["upscaler"].settings.update(session, NOBODY, {"require_login": "on"})

    assert_refused(visitor.upload(), "authentication_required")
    assert_refused(visitor.get(f"/jobs/{job_id}"), "authentication_required")
    assert visitor.get("/health").status_code == 200
    assert program.get(f"/jobs/{job_id}").status_code == 200
    page = visitor.client.get(f"/jobs/{job_id}")
    assert (page.status_code, page.location) == (303, f"/admin/login?next=/jobs/{job_id}")
    assert visitor.client.get("/").location == "/admin/login?next=/"

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import PASSWORD
from tests.unit.views.admin.conftest import TOKEN
from upscaler.models import ADMIN_ROLE, Account, AuditLog
from upscaler.services.accounts import accounts
from upscaler.services.audit import Actor

NewAccount = Callable[..., Account]
Trail = Callable[..., list[AuditLog]]


def test_an_admin_lands_on_the_dashboard_and_the_login_is_noted(
    visitor, new_account: NewAccount, trail: Trail
) -> None:
    account = new_account("abdullah", ADMIN_ROLE)

    answer = visitor.sign_in("abdullah")

    assert answer.status_code == 303
    assert answer.location == "/admin/dashboard"
    assert visitor.get("/admin/dashboard").status_code == 200
    [row] = trail("login.success")
    assert (row.user_id, row.username, row.ip_address) == (account.id, "abdullah", "127.0.0.1")


def test_a_user_lands_on_the_site(visitor, new_account: NewAccount) -> None:
    new_account("layla")

    assert visitor.sign_in("layla", target="/admin/jobs").location == "/"


@pytest.mark.parametrize("typed", ["ZOË", " zoe\u0308 ", "zoë\u00a0", "ZOË@Example.org"])
def test_a_name_may_be_typed_in_every_way_of_writing_it(visitor, new_account: NewAccount, typed: str) -> None:
    new_account("zoë")

    assert visitor.sign_in(typed).status_code == 303


def test_the_address_serves_as_a_name(visitor, new_account: NewAccount) -> None:
    new_account("abdullah", ADMIN_ROLE)

    assert visitor.sign_in("abdullah@example.org").status_code == 303


@pytest.mark.parametrize("name", ["abdullah", "nobody", "nul\0byte", "x" * 300])
def test_a_wrong_password_is_refused_and_recorded(
    visitor, new_account: NewAccount, trail: Trail, name: str
) -> None:
    new_account("abdullah", ADMIN_ROLE)

    answer = visitor.sign_in(name, "not the password")

    assert answer.status_code == 401
    assert "Incorrect username or password." in answer.text
    assert "not the password" not in answer.text
    [row] = trail("login.failed")
    assert row.username == name.replace("\0", "")[:64]
    assert visitor.get("/admin/dashboard").status_code == 303


def test_an_inactive_account_cannot_sign_in(visitor, new_account: NewAccount, trail: Trail) -> None:
    new_account("sven", active=False)

    assert visitor.sign_in("sven").status_code == 401
    assert len(trail("login.failed")) == 1


def test_a_session_ends_when_its_account_is_deactivated(admin, session: Session) -> None:
    assert admin.get("/admin/jobs").status_code == 200

    session.query(Account).update({"active": False})
    session.commit()

    assert admin.get("/admin/jobs").status_code == 303


def test_a_session_ends_when_the_password_is_changed(admin, session: Session) -> None:
    account = session.query(Account).one()
    accounts.reset_password(session, Actor(None, "", ""), account, "quite another secret")

    assert admin.get("/admin/jobs").status_code == 303


def test_the_session_is_a_new_one_after_the_login(visitor, new_account: NewAccount, app) -> None:
    new_account("abdullah", ADMIN_ROLE)
    with visitor._client.session_transaction() as planted:
        planted["planted"] = "by somebody else"
    visitor.get("/admin/login")
    before = visitor.cookie

    visitor.sign_in("abdullah")

    assert visitor.cookie != before
    with visitor._client.session_transaction() as now:
        assert "planted" not in now


def test_the_way_to_the_page_that_was_asked_for_has_the_prefix_of_a_proxy(
    app: Flask, new_account: NewAccount
) -> None:
    new_account("abdullah", ADMIN_ROLE)
    client, root = app.test_client(), "http://localhost/upscaler"

    login = client.get("/admin/jobs?status=failed", base_url=root).location
    assert login.startswith("/upscaler/admin/login?next=")
    path = login.removeprefix("/upscaler")
    token = TOKEN.search(client.get(path, base_url=root).text)
    assert token
    form = {"csrf_token": token[1], "username": "abdullah", "password": PASSWORD}
    answer = client.post(path, data=form, base_url=root)

    assert answer.location == "/upscaler/admin/jobs?status=failed"
    assert "Path=/upscaler" in answer.headers["Set-Cookie"].split("; ")
    assert client.get("/admin/jobs", base_url=root).status_code == 200


def test_signing_out_needs_a_form_and_ends_the_session(admin, trail: Trail) -> None:
    answer = admin.post("/admin/logout", page="/admin/dashboard")

    assert answer.location == "/admin/login"
    assert admin.get("/admin/dashboard").status_code == 303
    assert [row.username for row in trail("logout")] == ["abdullah"]


def test_too_many_wrong_passwords_are_answered_with_429(visitor, new_account: NewAccount) -> None:
    new_account("abdullah", ADMIN_ROLE)
    for _ in range(10):
        assert visitor.sign_in("abdullah", "wrong").status_code == 401

    answer = visitor.sign_in("abdullah")

    assert answer.status_code == 429
    assert "Too many attempts" in answer.text
    assert 0 < int(answer.headers["Retry-After"]) <= 60


def test_right_passwords_do_not_count_towards_the_limit(visitor, new_account: NewAccount) -> None:
    new_account("abdullah", ADMIN_ROLE)
    for _ in range(12):
        assert visitor.sign_in("abdullah").status_code == 303
        visitor.post("/admin/logout", page="/admin/dashboard")


def test_a_form_without_its_token_signs_nobody_in(visitor, new_account: NewAccount) -> None:
    new_account("abdullah", ADMIN_ROLE)
    visitor.get("/admin/login")

    answer = visitor._client.post(
        "/admin/login", data={"username": "abdullah", "password": "correct horse battery"}
    )

    assert answer.status_code == 400
    assert visitor.get("/admin/dashboard").status_code == 303


def test_after_the_login_one_is_where_one_wanted_to_be(visitor, new_account: NewAccount) -> None:
    new_account("abdullah", ADMIN_ROLE)

    assert (
        visitor.sign_in("abdullah", target="/admin/jobs%3Fstatus%3Dfailed").location
        == "/admin/jobs?status=failed"
    )

"""Accounts that admins create, change and delete."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.unit.views.api.conftest import Program
from upscaler.models import Account, AuditLog


def test_a_number_that_no_account_can_have_is_nobodys(admin: Program) -> None:
    path = "/admin/users/118202817160850472960"

    answers = [admin.get(path), admin.request("PATCH", path, json={}), admin.request("DELETE", path)]

    assert [(answer.status_code, answer.get_json()["code"]) for answer in answers] == [(404, "not_found")] * 3


def test_an_account_is_made_changed_closed_and_deleted(
    client: FlaskClient, admin: Program, session: Session
) -> None:
    fields = {"username": "layla", "email": "layla@example.org", "password": "a long pass phrase"}
    made = admin.post("/admin/users", json=fields)
    assert made.status_code == 201, made.text
    path = made.headers["Location"].partition("/api/v1")[2]
    assert "password" not in admin.get(path).get_json()

    def log_in(password: str) -> int:
        body = {"username": "layla", "password": password}
        return client.post("/api/v1/auth/login", json=body).status_code

    assert log_in("a long pass phrase") == 200
    assert (
        admin.request("PATCH", path, json={"role": "admin", "first_name": "Layla"}).get_json()["role"]
        == "admin"
    )
    assert admin.get("/admin/users?role=admin&q=layla").get_json()["items"][0]["first_name"] == "Layla"
    assert admin.post(f"{path}/password", json={"password": "another pass phrase"}).status_code == 204
    assert (log_in("a long pass phrase"), log_in("another pass phrase")) == (401, 200)
    assert admin.post(f"{path}/deactivate").get_json()["is_active"] is False
    assert log_in("another pass phrase") == 401
    assert [user["username"] for user in admin.get("/admin/users?is_active=false").get_json()["items"]] == [
        "layla"
    ]
    assert admin.delete(path).status_code == 204
    assert admin.get(path).get_json()["code"] == "account_not_found"
    actions = {row.action for row in session.query(AuditLog)}
    assert actions >= {"user.create", "user.update", "user.reset_password", "user.delete"}
    assert "pass phrase" not in str([row.details for row in session.query(AuditLog)])


def test_a_name_and_an_address_are_the_same_in_every_way_of_writing_them(
    client: FlaskClient, admin: Program
) -> None:
    fields = {"username": " Zoë ", "email": "Zoë@example.org", "password": "a long pass phrase"}
    taken = ({"username": "ZOË", "email": "b@example.org"}, {"username": "b", "email": "ZOË@EXAMPLE.ORG"})

    made = admin.post("/admin/users", json=fields)
    others = [admin.post("/admin/users", json={**fields, **change}) for change in taken]

    assert (made.status_code, made.get_json()["username"]) == (201, "Zoë")
    assert [(one.status_code, one.get_json()["code"]) for one in others] == [(422, "invalid_account")] * 2
    body = {"username": "zOË\u2003", "password": fields["password"]}
    assert client.post("/api/v1/auth/login", json=body).status_code == 200
    assert [one["username"] for one in admin.get("/admin/users?q=ZO%C3%8B").get_json()["items"]] == ["Zoë"]


@pytest.mark.parametrize("value", [0, 1, "true", "no", None])
def test_only_a_truth_value_changes_whether_an_account_may_sign_in(admin: Program, value: object) -> None:
    made = admin.post(
        "/admin/users",
        json={"username": "layla", "email": "layla@example.org", "password": "a long pass phrase"},
    )
    path = f"/admin/users/{made.get_json()['id']}"
    answer = admin.request("PATCH", path, json={"is_active": value})
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["parameter"] == "is_active"
    assert admin.get(path).get_json()["is_active"] is True


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"email": "abdullah@example.org"}, "invalid_account"),
        ({"username": "two words"}, "invalid_account"),
        ({"password": "short"}, "invalid_account"),
        ({"role": "owner"}, "invalid_parameter"),
        ({"active": True}, "unknown_parameter"),
    ],
)
def test_an_account_that_cannot_be_is_refused(admin: Program, change: dict[str, Any], code: str) -> None:
    fields = {"username": "layla", "email": "layla@example.org", "password": "a long pass phrase", **change}

    answer = admin.post("/admin/users", json=fields)

    assert (answer.status_code, answer.get_json()["code"]) == (422, code)


def test_an_admin_cannot_close_the_own_account(admin: Program, session: Session) -> None:
    own = session.query(Account).filter_by(username="abdullah").one().id

    assert admin.post(f"/admin/users/{own}/deactivate").get_json()["code"] == "account_conflict"
    assert admin.delete(f"/admin/users/{own}").get_json()["code"] == "account_conflict"

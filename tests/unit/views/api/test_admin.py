"""What admins do over the API."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.unit.views.api.conftest import Program
from upscaler.models import Account, AuditLog, Job, Setting, Worker
from upscaler.services.jobs import lifecycle
from upscaler.views.api import OPERATIONS
from upscaler.views.api.operations import Access

WithKey = Callable[..., Program]
ADMIN_OPERATIONS = [operation for operation in OPERATIONS if operation.access is Access.ADMIN]


@pytest.mark.parametrize("operation", ADMIN_OPERATIONS, ids=lambda operation: operation.name)
def test_only_admins_get_in(visitor: Program, with_key: WithKey, operation: Any) -> None:
    path = re.sub("<[^>]+>", "1", operation.path)

    assert visitor.request(operation.method, path).status_code == 401
    assert with_key("layla").request(operation.method, path).get_json()["code"] == "forbidden"
    weak = with_key("abdullah", "Admin", ("read", "write")).request(operation.method, path)
    assert weak.get_json()["code"] == "insufficient_scope"


def test_a_number_that_no_account_can_have_is_nobodys(admin: Program) -> None:
    path = "/admin/users/118202817160850472960"

    answers = [admin.get(path), admin.request("PATCH", path, json={}), admin.request("DELETE", path)]

    assert [(answer.status_code, answer.get_json()["code"]) for answer in answers] == [(404, "not_found")] * 3


def found(admin: Program, query: str) -> set[str]:
    answer = admin.get(f"/admin/jobs?{query}")
    assert answer.status_code == 200, answer.text
    return {job["job_id"] for job in answer.get_json()["items"]}


def test_jobs_are_found_by_status_owner_model_time_and_name(
    admin: Program, with_key: WithKey, visitor: Program, session: Session
) -> None:
    of_layla = with_key("layla").upload(preset="art").get_json()["job_id"]
    of_visitor = visitor.upload().get_json()["job_id"]
    lifecycle.cancel(session, of_visitor, "in a test")
    day = session.get_one(Job, of_layla).created_at.date().isoformat()

    assert found(admin, "") == {of_layla, of_visitor}
    assert found(admin, "status=canceled") == {of_visitor}
    assert found(admin, "owner=layla") == {of_layla}
    assert found(admin, "owner=-") == {of_visitor}
    assert found(admin, "model=CUNET") == {of_layla}
    assert found(admin, f"q={of_layla[4:20]}") == {of_layla}
    assert found(admin, "q=%25") == set()
    assert found(admin, f"from={day}&to={day}") == {of_layla, of_visitor}
    assert found(admin, "to=2020-01-01T00:00:00Z") == set()
    assert admin.get("/admin/jobs?from=yesterday").get_json()["code"] == "invalid_parameter"


@pytest.mark.parametrize("path", ["jobs", "audit", "usage.csv"])
@pytest.mark.parametrize(
    "moment", ["9999-12-31", "9999-12-31T23:59:59-14:00", "0001-01-01", "0001-01-01T00:00:00%2B14:00"]
)
def test_moments_that_no_calendar_reaches_are_refused(admin: Program, path: str, moment: str) -> None:
    for side in ("from", "to"):
        answer = admin.get(f"/admin/{path}?{side}={moment}")

        assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid_parameter")
        assert side in answer.get_json()["detail"]


def test_a_job_is_shown_with_its_whole_log_and_its_trace(
    admin: Program, visitor: Program, session: Session
) -> None:
    job_id = visitor.upload().get_json()["job_id"]
    for number in range(30):
        lifecycle.add_log(session, job_id, f"line {number}")
    session.get_one(Job, job_id).error_trace = "Traceback: it broke"
    session.commit()

    shown = admin.get(f"/admin/jobs/{job_id}").get_json()

    assert len(shown["logs"]) == 31
    assert shown["trace"] == "Traceback: it broke"
    assert shown["owner"] is None
    assert "trace" not in visitor.get(f"/jobs/{job_id}").get_json()


def test_a_job_runs_again_under_both_addresses(admin: Program, visitor: Program) -> None:
    job_id = visitor.upload().get_json()["job_id"]

    for path in (f"/jobs/{job_id}/requeue", f"/admin/jobs/{job_id}/requeue"):
        answer = admin.post(path, json={"denoise": "high"})
        assert answer.status_code == 202
        assert answer.headers["Location"].endswith(f"/api/v1/jobs/{answer.get_json()['job_id']}")


def test_a_body_counts_also_without_its_content_type(
    admin: Program, visitor: Program, job_of: Callable[[Any], Job]
) -> None:
    job_id = visitor.upload().get_json()["job_id"]
    # As curl's -d sends it.
    plain = {"Content-Type": "application/x-www-form-urlencoded"}

    again = job_of(admin.post(f"/jobs/{job_id}/requeue", data='{"denoise": "high"}', headers=plain))

    assert again.params["denoise"] == "high"


def test_workers_are_shown(admin: Program, session: Session) -> None:
    session.add(Worker(id="w-1", host="here", pid=1, version="0.1.0", backend={"engine": "openvino"}))
    session.commit()

    [worker] = admin.get("/admin/workers").get_json()["items"]

    assert (worker["id"], worker["online"], worker["backend"]) == ("w-1", True, {"engine": "openvino"})


def test_settings_are_changed_all_or_none_and_noted(admin: Program, session: Session) -> None:
    refused = admin.post("/admin/settings", json={"queue_limit": 7, "rate_limit": "often"})
    assert refused.get_json()["code"] == "invalid_parameter"
    assert admin.post("/admin/settings", json={"colour": 1}).get_json()["code"] == "unknown_parameter"
    assert admin.post("/admin/settings", data="[]").get_json()["code"] == "invalid_request"
    assert session.query(Setting).count() == 0

    answer = admin.post("/admin/settings", json={"queue_limit": 7, "require_login": True})

    assert answer.get_json()["queue_limit"] == 7
    assert admin.get("/admin/settings").get_json()["require_login"] is True
    rows = admin.get("/admin/audit?action=setting.change&user=abdul").get_json()["items"]
    assert {row["entity_id"] for row in rows} == {"queue_limit", "require_login"}
    assert admin.get("/admin/audit?action=setting.change&q=queue").get_json()["items"][0]["details"] == {
        "from": 1000,
        "to": 7,
    }
    assert admin.get("/admin/audit?to=2020-01-01").get_json()["items"] == []


def test_an_account_is_made_changed_closed_and_deleted(api: Flask, admin: Program, session: Session) -> None:
    fields = {"username": "layla", "email": "layla@example.org", "password": "a long pass phrase"}
    made = admin.post("/admin/users", json=fields)
    assert made.status_code == 201, made.text
    path = made.headers["Location"].partition("/api/v1")[2]
    assert "password" not in admin.get(path).get_json()

    def log_in(password: str) -> int:
        body = {"username": "layla", "password": password}
        return api.test_client().post("/api/v1/auth/login", json=body).status_code

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


def test_usage_is_exported_by_day_and_account(admin: Program, with_key: WithKey, visitor: Program) -> None:
    layla = with_key("layla")
    layla.upload()
    layla.upload()
    visitor.upload()

    answer = admin.get("/admin/usage.csv")

    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {(row["username"], row["jobs"], row["input_pixels"]) for row in rows} == {
        ("layla", "2", "128"),
        ("", "1", "64"),
    }
    assert len(admin.get("/admin/usage.csv?to=2020-01-01").text.splitlines()) == 1

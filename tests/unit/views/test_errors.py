"""Errors as responses, for programs and for people."""

from __future__ import annotations

import errno
import io
import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from tests import factories
from tests.unit.views.api.conftest import NOBODY, Program, small_png
from upscaler.extensions import db
from upscaler.models import ADMIN_ROLE
from upscaler.services.accounts import api_keys
from upscaler.views.api.openapi import all_errors


@pytest.fixture
def admin(client: FlaskClient) -> Program:
    """A program with every right of an admin."""
    account = factories.new_account(db.session(), "abdullah", ADMIN_ROLE)
    made = api_keys.create(db.session(), NOBODY, account, "for tests", api_keys.SCOPES)
    return Program(client, made.secret)


def test_every_type_leads_to_its_place_in_the_documentation(visitor: Program) -> None:
    problem = visitor.get("/jobs/job_unknown").get_json()
    page, _, anchor = problem["type"].partition("#")

    shown = visitor.client.get(page).text

    assert anchor == "error-job_not_found"
    for error in all_errors():
        assert f'id="error-{error.code}"' in shown


def test_all_parameters_at_fault_are_listed(admin: Program) -> None:
    query = admin.get("/jobs?limit=0&colour=red&status=lost").get_json()
    body = admin.post("/admin/users", json={"role": "owner", "nickname": "l"}).get_json()

    assert query["code"] == "unknown_parameter"
    assert [(found["parameter"], found["code"]) for found in query["errors"]] == [
        ("colour", "unknown_parameter"),
        ("limit", "invalid_parameter"),
        ("status", "invalid_parameter"),
    ]
    assert [found["parameter"] for found in body["errors"]] == [
        "nickname",
        "email",
        "password",
        "username",
        "role",
    ]
    assert (
        query["errors"][0]["detail"]
        == query["detail"]
        == 'There is no parameter "colour". Check its name, or leave it out.'
    )


@pytest.mark.parametrize(
    ("fields", "parameter"),
    [
        ({"preset": "blue"}, "preset"),
        ({"model": "nobody-knows-it"}, "model"),
        ({"callback_url": "ftp://example.org"}, "callback_url"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_form_names_the_parameter_at_fault(
    visitor: Program, fields: dict[str, str], parameter: str
) -> None:
    problem = visitor.upload(**fields).get_json()

    assert [found["parameter"] for found in problem["errors"]] == [parameter]


def faults(answer: TestResponse) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    problem = answer.get_json()
    first = problem["errors"][0]
    assert (first["code"], first["detail"]) == (problem["code"], problem["detail"])
    return [(found["parameter"], found["code"]) for found in problem["errors"]]


def test_an_upload_names_every_value_at_fault(visitor: Program) -> None:
    refused = visitor.upload(
        colour="red", factor="5x", quality="0", model="nobody-knows-it", email="l", priority="first"
    )

    assert faults(refused) == [
        ("colour", "unknown_parameter"),
        ("factor", "invalid_parameter"),
        ("quality", "invalid_parameter"),
        ("model", "unknown_model"),
        ("email", "not_available"),
        ("priority", "invalid_parameter"),
    ]


def test_json_without_an_image_names_every_value_at_fault(visitor: Program) -> None:
    refused = visitor.post("/uploads", json={"factor": [], "preset": "blue", "callback_url": "ftp://a.b"})

    assert faults(refused) == [
        ("factor", "invalid_parameter"),
        ("file", "missing_file"),
        ("preset", "invalid_parameter"),
        ("callback_url", "invalid_callback_url"),
    ]
    assert ("url", "invalid_url") in faults(visitor.post("/uploads", json={"url": "ftp://a.b"}))


def test_a_batch_names_every_value_at_fault(visitor: Program) -> None:
    refused = visitor.post("/batches", data={"factor": "5x", "detail": "200", "url": "http://a.b"})

    assert faults(refused) == [
        ("url", "unknown_parameter"),
        ("file", "missing_file"),
        ("factor", "invalid_parameter"),
        ("detail", "invalid_parameter"),
    ]


def test_a_preview_names_every_value_at_fault(visitor: Program) -> None:
    form = {"file": (io.BytesIO(small_png()), "a.png"), "width": "0", "left": "-1", "presets": "blue"}
    refused = visitor.post("/previews", data={**form, "factor": "5x", "denoise": "x"})

    assert faults(refused) == [
        (name, "invalid_parameter") for name in ("factor", "denoise", "left", "width", "presets")
    ]


def test_a_quote_names_every_value_at_fault(visitor: Program) -> None:
    values = visitor.get("/quote?width=0&height=9&factor=5x&quality=0")
    together = visitor.get("/quote?width=9&height=9&factor=2x&target_width=9&model=nobody&detail=5")

    assert [name for name, _ in faults(values)] == ["factor", "quality", "width"]
    assert faults(together) == [
        ("detail", "invalid_parameter"),
        ("factor", "invalid_parameter"),
        ("model", "unknown_model"),
    ]


def test_settings_name_every_value_at_fault(admin: Program) -> None:
    refused = admin.request(
        "PATCH",
        "/admin/settings",
        json={"queue_limit": 0, "colour": 1, "rate_limit": "often", "frames": "last"},
    )

    assert faults(refused) == [
        ("colour", "unknown_parameter"),
        ("frames", "invalid_parameter"),
        ("queue_limit", "invalid_parameter"),
        ("rate_limit", "invalid_parameter"),
    ]


def test_an_account_names_every_value_at_fault(admin: Program) -> None:
    body = {"username": "two words", "email": "nobody", "password": "two words here"}

    assert faults(admin.post("/admin/users", json=body)) == [
        ("username", "invalid_account"),
        ("email", "invalid_account"),
        ("password", "invalid_account"),
    ]


def test_a_model_names_every_value_at_fault(admin: Program) -> None:
    refused = admin.post("/admin/models", data={"name": "No", "licence": "x" * 65, "preset": "blue"})

    assert faults(refused) == [
        ("file", "missing_file"),
        ("name", "invalid_parameter"),
        ("licence", "invalid_parameter"),
        ("factor", "missing_parameter"),
    ]


def test_what_is_no_parameters_fault_lists_none(visitor: Program) -> None:
    assert "errors" not in visitor.get("/jobs/job_unknown").get_json()


def test_a_rate_limit_is_explained_in_the_language_of_the_request(visitor: Program) -> None:
    for _ in range(11):
        body = {"username": "layla", "password": "wrong"}
        answer = visitor.post("/auth/login", json=body, headers={"Accept-Language": "ar"})

    assert answer.status_code == 429
    assert not re.search("[A-Za-z]", answer.get_json()["detail"] + answer.get_json()["title"])


@pytest.mark.parametrize(
    ("path", "accept", "kind"),
    [
        ("/api/v1/nothing", "text/html", "application/problem+json"),
        ("/nothing", "application/problem+json", "text/html"),
        ("/files/nothing", "text/html", "text/html"),
        ("/files/nothing", "*/*", "application/problem+json"),
    ],
)
def test_the_path_decides_whether_a_problem_or_a_page_comes(
    visitor: Program, path: str, accept: str, kind: str
) -> None:
    answer = visitor.client.get(path, headers={"Accept": accept})

    assert answer.status_code >= 400
    assert answer.mimetype == kind


def test_another_method_is_refused_with_those_that_there_are(visitor: Program) -> None:
    answer = visitor.client.put("/api/v1/uploads")

    assert (answer.status_code, answer.get_json()["code"]) == (405, "method_not_allowed")
    assert "POST" in answer.headers["Allow"]


def database_is_away() -> None:
    raise OperationalError("SELECT 1", {}, Exception("a secret address"))


def disk_is_full() -> None:
    raise OSError(errno.ENOSPC, "a secret path")


def has_a_defect() -> None:
    raise ValueError("a secret value")


def test_the_page_for_a_lost_database_needs_none(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = factories.new_account(db.session())
    with client.session_transaction() as signed_in:
        signed_in["_user_id"] = account.get_id()

    def away(*_: object) -> None:
        database_is_away()

    monkeypatch.setattr(app.extensions["appbuilder"].sm, "load_user", away)
    monkeypatch.setattr(app.login_manager, "_user_callback", away)  # type: ignore[attr-defined] # Flask-Login's place

    answer = client.get("/")

    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert "a secret address" not in answer.text


@pytest.mark.parametrize(
    ("fail", "status"), [(database_is_away, 503), (disk_is_full, 507), (has_a_defect, 500)]
)
def test_a_failure_is_a_problem_that_gives_nothing_away(
    app: Flask, visitor: Program, fail: Callable[[], None], status: int
) -> None:
    app.view_functions["api.list_presets"] = fail

    answer = visitor.client.get("/api/v1/presets")

    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert "secret" not in answer.text
    assert ("Retry-After" in answer.headers) is (status != 500)

"""Errors as the API returns them."""

from __future__ import annotations

import re

import pytest

from tests.unit.views.api.conftest import Program
from upscaler.views.api.openapi import all_errors


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
    assert query["errors"][0]["detail"] == query["detail"] == 'There is no parameter "colour".'


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


def test_what_is_no_parameters_fault_lists_none(visitor: Program) -> None:
    assert "errors" not in visitor.get("/jobs/job_unknown").get_json()


def test_a_rate_limit_is_explained_in_the_language_of_the_request(visitor: Program) -> None:
    for _ in range(11):
        body = {"username": "layla", "password": "wrong"}
        answer = visitor.post("/auth/login", json=body, headers={"Accept-Language": "ar"})

    assert answer.status_code == 429
    assert not re.search("[A-Za-z]", answer.get_json()["detail"] + answer.get_json()["title"])

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.application import application
from upscaler.views.converters import IdConverter, NumberConverter

UNUSABLE_IDS = ["%00", "job_%00", "a%00b", "x" * 65, "x" * 4000, "a.b", "ش"]
# Routes whose parts are no ids: keys of stored files, checked by their signature, and Flask-AppBuilder's own.
NO_IDS = {"/files/<path:key>"}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder: Path = tmp_path_factory.mktemp("converters")
    with application(DATA_DIR=str(folder), RATE_LIMIT="off") as app:
        yield app


def test_every_route_with_an_id_guards_it(app: Flask) -> None:
    unguarded = {
        rule.rule
        for rule in app.url_map.iter_rules()
        for converter in rule._converters.values()
        if not isinstance(converter, IdConverter | NumberConverter) and "static" not in rule.endpoint
    }

    assert unguarded == NO_IDS


@pytest.mark.parametrize("unusable", UNUSABLE_IDS)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/jobs/{}"),
        ("POST", "/api/v1/jobs/{}/cancel"),
        ("GET", "/api/v1/batches/{}"),
        ("GET", "/api/v1/previews/{}"),
        ("GET", "/api/v1/uploads/{}/download"),
        ("DELETE", "/api/v1/admin/models/{}"),
        ("DELETE", "/api/v1/me/keys/{}"),
    ],
)
def test_the_api_answers_an_unusable_id_with_a_problem(
    client: FlaskClient, method: str, path: str, unusable: str
) -> None:
    answer = client.open(path.format(unusable), method=method)

    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert answer.get_json()["code"] == "not_found"


@pytest.mark.parametrize("unusable", UNUSABLE_IDS)
def test_the_site_answers_an_unusable_id_with_a_page(client: FlaskClient, unusable: str) -> None:
    answer = client.get(f"/jobs/{unusable}")

    assert (answer.status_code, answer.mimetype) == (404, "text/html")


@pytest.mark.parametrize("number", ["2147483648", "-1", "1e3", "9" * 5000])
def test_a_number_that_no_table_can_hold_leads_nowhere(client: FlaskClient, number: str) -> None:
    for method in ("GET", "PATCH", "DELETE"):
        answer = client.open(f"/api/v1/admin/users/{number}", method=method)
        assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")
    assert client.get("/api/v1/admin/users/999999999").status_code == 401

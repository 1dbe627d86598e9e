"""The description of the API fits the API, and the page needs nothing else to be read."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from config import ROOT
from tests import factories
from tests.unit.views.api.conftest import Program
from upscaler.engine.options import OPTIONS
from upscaler.services.models.model_table import sync_catalogue
from upscaler.services.settings.definitions import DEFINITIONS
from upscaler.views.api import OPERATIONS
from upscaler.views.api.schemas.requests import AddressBody, BatchForm, OverridesBody, UploadForm
from upscaler.views.api.schemas.service import SettingsBody

RULE = re.compile(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>")


def test_every_route_is_described(app: Flask, visitor: Program) -> None:
    paths = visitor.get("/openapi.json").get_json()["paths"]

    described = {(path, method.upper()) for path, methods in paths.items() for method in methods}
    routes = {
        (RULE.sub(r"{\1}", rule.rule), method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and rule.endpoint not in {"api.openapi", "api.docs"}
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert described == routes


def test_the_document_is_well_formed(visitor: Program) -> None:
    document = visitor.get("/openapi.json").get_json()

    assert document["openapi"] == "3.1.0"
    names = set(document["components"]["schemas"])
    assert set(re.findall(r"#/components/schemas/(\w+)", str(document))) <= names
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids))
    for operation in operations:
        assert operation["summary"].endswith("."), operation["operationId"]
        assert "5XX" in operation["responses"]


def test_requests_are_described_from_the_tables() -> None:
    of_a_job = {*OPTIONS, "priority", "email", "callback_url"}
    assert set(UploadForm().fields) == of_a_job | {"file", "url"}
    assert set(AddressBody().fields) == of_a_job | {"url"}
    assert set(BatchForm().fields) == of_a_job | {"file", "files"}
    assert set(OverridesBody().fields) == set(OPTIONS)
    assert set(SettingsBody().fields) == set(DEFINITIONS)


def test_answers_have_the_shape_that_is_described(
    admin: Program, with_key: Callable[..., Program], session: Session
) -> None:
    # Each answer of each test is compared with the document (see ``Program``); here are those that no test asks for.
    sync_catalogue(session)
    factories.new_worker(session)
    job_id = with_key("layla").upload().get_json()["job_id"]
    paths = [
        operation.path for operation in OPERATIONS if operation.method == "GET" and "<" not in operation.path
    ]

    answers = {path: admin.get(path).status_code for path in [*paths, f"/admin/jobs/{job_id}"]}

    assert {path: status for path, status in answers.items() if status != 200} == {
        "/me/keys": 403,
        "/quote": 422,
    }


def test_the_page_names_every_operation_and_loads_nothing_from_elsewhere(visitor: Program) -> None:
    page = visitor.client.get("/api/v1/docs").text

    for operation in OPERATIONS:
        assert f'id="{operation.operation_id}"' in page
    loaded: list[Any] = re.findall(r'(?:src|<link[^>]*href)="([^"]+)"', page)
    assert [address for address in loaded if not address.startswith("/static/")] == []


def test_every_operation_stands_in_the_reference() -> None:
    reference = (ROOT / "docs" / "api.md").read_text()

    for operation in OPERATIONS:
        path = RULE.sub(r"{\1}", operation.path)
        assert f"`{operation.method} /api/v1{path}`" in reference, (operation.method, path)

"""Bodies of JSON."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask_appbuilder import Model

from config import load
from tests.unit.views.api.conftest import Program
from upscaler import create_app
from upscaler.extensions import db

LIMIT = 50_000


@pytest.fixture(scope="module")
def fetching(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An application that may fetch from 127.0.0.1."""
    settings = {
        "DATA_DIR": str(tmp_path_factory.mktemp("fetching")),
        "RATE_LIMIT": "off",
        "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.1/32",
        "MAX_UPLOAD_SIZE_BYTES": str(LIMIT),
    }
    app = create_app(load(settings, env_file=None))
    with app.app_context():
        Model.metadata.create_all(db.engine)
    yield app
    with app.app_context():
        db.engine.dispose()
    app.extensions["upscaler"].submissions.close()


@pytest.fixture
def caller(fetching: Flask) -> Program:
    return Program(fetching.test_client())


@pytest.mark.parametrize(
    "body", [b"[]", b"[" * 60_000, b'{"url": "\\ud800"}', b'{"url": "' + b"x" * 100_000 + b'"}', b"1"]
)
def test_json_that_is_no_object_is_refused(caller: Program, body: bytes) -> None:
    answer = caller.post("/uploads", data=body, content_type="application/json")

    assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid_request")


def test_what_is_no_json_is_refused_with_its_place(caller: Program) -> None:
    answer = caller.post("/uploads", data=b'{"factor": "2x",\n "url" }', content_type="application/json")

    problem = answer.get_json()
    assert (answer.status_code, problem["code"]) == (400, "invalid_json")
    assert (problem["line"], problem["column"]) == (2, 8)
    assert problem["detail"] == "The body is not valid JSON: line 2, column 8."

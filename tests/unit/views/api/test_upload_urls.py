"""Uploads by the URL of an image."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_appbuilder import Model
from sqlalchemy import func, select

from config import load
from tests.support.leftovers import files_in
from tests.support.receiver import content, receiver
from tests.unit.views.api.conftest import Program, small_png
from upscaler import create_app
from upscaler.extensions import db
from upscaler.models import Job, Upload

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


def stored(app: Flask) -> list[object]:
    """Return what is kept: rows, and files."""
    with app.app_context():
        rows = [db.session.scalar(select(func.count()).select_from(table)) for table in (Job, Upload)]
    folder: Path = app.extensions["config"].data_dir
    return [*rows, sorted(str(path) for path in folder.glob("files/**/*") if path.is_file())]


@pytest.mark.parametrize("how", ["data", "json"])
def test_the_image_becomes_a_job_like_any_other(fetching: Flask, caller: Program, how: str) -> None:
    connections = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        with fetching.app_context():
            connections.append(db.engine.pool.checkedout())  # type: ignore[attr-defined] # there is a pool
        content(small_png())(handler)

    with receiver(answer) as host:
        form = {"url": f"http://127.0.0.1:{host.port}/a%20cat.jpg?size=1", "factor": "2x"}
        first, second = (
            caller.post("/uploads", headers={"Idempotency-Key": f"once-{how}"}, **{how: form})
            for _ in range(2)
        )

    assert first.status_code == 202, first.text
    assert second.get_json() == first.get_json()
    assert connections == [0], "the database was held while another server answered, or it was asked twice"
    job = caller.get(f"/jobs/{first.get_json()['job_id']}").get_json()
    upload_id = job["upload_id"]
    assert job["upload"] == {
        "id": upload_id,
        "upload_id": upload_id,
        "created_at": job["created_at"],
        "filename": "a cat.png",
        "mime_type": "image/png",
        "width": 8,
        "height": 8,
        "size_bytes": len(small_png()),
    }
    assert "url" not in job["params"]
    assert files_in(fetching.extensions["config"].scratch_dir) == []


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"url": "ftp://127.0.0.1/"}, 422, "invalid_url"),
        ({"url": "http://me:word@127.0.0.1/"}, 422, "invalid_url"),
        ({"url": "http://127.0.0.2/"}, 422, "url_not_allowed"),
        ({"url": "HOST/missing"}, 422, "fetch_failed"),
        ({"url": "HOST/page"}, 415, "unsupported_image"),
        ({"url": "HOST/empty"}, 400, "empty_file"),
        ({"url": "HOST/large"}, 413, "file_too_large"),
        ({"url": "HOST/moved"}, 422, "url_not_allowed"),
        ({"url": "HOST/cat.png", "factor": "99x"}, 422, "invalid_parameter"),
        ({"url": " "}, 422, "missing_file"),
        ({}, 422, "missing_file"),
        ({"url": ["HOST/cat.png"]}, 422, "invalid_parameter"),
    ],
)
def test_what_cannot_be_had_is_refused_and_leaves_nothing(
    fetching: Flask, caller: Program, fields: dict[str, Any], status: int, code: str
) -> None:
    answers: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {
        "/missing": content(b"a secret page", 404),
        "/page": content(b"<html>a secret page</html>", **{"Content-Type": "image/png"}),
        "/empty": content(b""),
        "/large": content(b"x" * (LIMIT + 1)),
        "/moved": content(b"", 302, Location="http://127.0.0.2/"),
        "/cat.png": content(small_png()),
    }
    before = stored(fetching)

    with receiver(lambda handler: answers[handler.path](handler)) as host:
        own = f"http://127.0.0.1:{host.port}"
        filled = {
            name: value.replace("HOST", own) if isinstance(value, str) else value
            for name, value in fields.items()
        }
        answer = caller.post("/uploads", json={"factor": "2x", **filled})

    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.text
    assert answer.get_json()["code"] == code
    assert "secret" not in answer.text
    assert stored(fetching) == before
    assert files_in(fetching.extensions["config"].scratch_dir) == []


def test_a_file_and_an_address_together_are_refused(caller: Program) -> None:
    answer = caller.upload(url="http://127.0.0.1/cat.png")

    assert (answer.status_code, answer.get_json()["code"]) == (422, "two_images")


def test_a_form_whose_other_field_is_left_blank_is_understood(caller: Program) -> None:
    assert caller.upload(url="").status_code == 202


def test_an_operator_can_switch_it_off(api: Flask, visitor: Program) -> None:
    settings = {"DATA_DIR": str(api.extensions["config"].data_dir), "FETCH_URLS": "false"}
    app = create_app(load(settings, env_file=None))

    answer = Program(app.test_client()).post("/uploads", data={"url": "http://127.0.0.1/", "factor": "2x"})

    assert (answer.status_code, answer.get_json()["code"]) == (422, "not_available")
    app.extensions["upscaler"].submissions.close()
    with app.app_context():
        db.engine.dispose()

"""Uploads: by file and by URL, the notifications that they ask for, and their download."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.support.application import application
from tests.support.leftovers import files_in
from tests.support.receiver import content, receiver
from tests.unit.views.api.conftest import FETCH_LIMIT, Program, small_png
from upscaler.extensions import db
from upscaler.models import Delivery, Job, Priority, Upload
from upscaler.services.audit import Actor
from upscaler.services.jobs.actions import requeued


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
        "/large": content(b"x" * (FETCH_LIMIT + 1)),
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


def test_an_operator_can_switch_it_off(tmp_path: Path) -> None:
    with application(DATA_DIR=str(tmp_path), FETCH_URLS="false") as closed:
        program = Program(closed.test_client())
        answer = program.post("/uploads", data={"url": "http://127.0.0.1/", "factor": "2x"})

    assert (answer.status_code, answer.get_json()["code"]) == (422, "not_available")


HOOK = "https://hooks.example.org/images?key=hidden"


MAIL = {
    "SMTP_HOST": "127.0.0.1",
    "MAIL_FROM": "images@example.org",
    "PUBLIC_URL": "https://images.example.org",
}


@pytest.fixture
def mailing_app(tmp_path: Path) -> Iterator[Flask]:
    with application(DATA_DIR=str(tmp_path), RATE_LIMIT="off", **MAIL) as app:
        yield app


def upload_to(app: Flask, language: str = "en", **fields: str) -> Any:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(buffer, "PNG")
    buffer.seek(0)
    form = {"file": (buffer, "a.png"), "factor": "2x", **fields}
    return app.test_client().post("/api/v1/uploads", data=form, headers={"Accept-Language": language})


def accepted(app: Flask, **fields: str) -> Job:
    answer = upload_to(app, **fields)
    assert answer.status_code == 202, answer.text
    return db.session.get_one(Job, answer.get_json()["job_id"])


def test_wishes_are_kept_with_the_job_and_not_shown(mailing_app: Flask) -> None:
    job = accepted(mailing_app, language="ar", callback_url=HOOK, email=" Layla@Example.org ")

    assert job.params["callback_url"] == HOOK
    assert (job.notify_email, job.language) == ("Layla@example.org", "ar")
    shown = mailing_app.test_client().get(f"/api/v1/jobs/{job.id}")
    assert "callback_url" not in shown.get_json()["params"]
    assert shown.get_json()["has_callback"] is True
    assert "email" not in shown.get_json()["params"]
    for secret in ("hidden", "Layla", "example.org/images"):
        assert secret not in shown.text


def test_without_wishes_there_is_no_trace_of_them(mailing_app: Flask) -> None:
    job = accepted(mailing_app, callback_url="", email="")

    assert "callback_url" not in job.params
    assert job.notify_email is None
    assert "callback_url" not in mailing_app.test_client().get(f"/api/v1/jobs/{job.id}").get_json()["params"]


def test_the_end_of_the_job_writes_to_both(mailing_app: Flask) -> None:
    job = accepted(mailing_app, callback_url=HOOK, email="layla@example.org")

    answer = mailing_app.test_client().post(f"/api/v1/jobs/{job.id}/cancel")

    assert answer.status_code == 200
    found = db.session.scalars(select(Delivery).where(Delivery.job_id == job.id))
    assert {row.target for row in found} == {HOOK, "layla@example.org"}


def test_a_new_run_reports_to_the_same_people(mailing_app: Flask) -> None:
    job = accepted(mailing_app, callback_url=HOOK, email="layla@example.org", denoise="low")
    actor = Actor(None, "abdullah", "")
    submissions = mailing_app.extensions["upscaler"].submissions

    with requeued(db.session(), actor, submissions, job, {"preset": "art"}) as again:
        pass

    assert again.params == {**job.params, "preset": "art"}
    assert again.notify_email == "layla@example.org"


def test_where_no_mail_is_set_up_an_address_is_refused_with_the_reason(visitor: Program) -> None:
    answer = visitor.upload(email="layla@example.org")

    assert (answer.status_code, answer.get_json()["code"]) == (422, "not_available")
    assert "send e-mail" in answer.get_json()["detail"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"email": "layla"}, "invalid_email"),
        ({"email": "layla@example.org\r\nBcc: all@example.org"}, "invalid_email"),
        ({"callback_url": "ftp://example.org/"}, "invalid_callback_url"),
        ({"callback_url": "http://169.254.169.254/"}, "invalid_callback_url"),
        ({"callback_url": "http://[::ffff:127.0.0.1]/"}, "invalid_callback_url"),
    ],
)
def test_what_cannot_be_used_is_refused(mailing_app: Flask, fields: dict[str, str], code: str) -> None:
    answer = upload_to(mailing_app, **fields)

    assert (answer.status_code, answer.get_json()["code"]) == (422, code)
    assert db.session.scalars(select(Job)).all() == []


def test_an_original_is_downloaded_by_a_redirect_to_a_signed_link(visitor: Program, session: Session) -> None:
    job = session.get_one(Job, visitor.upload().get_json()["job_id"])

    answer = visitor.get(f"/uploads/{job.upload_id}/download")

    assert (answer.status_code, answer.headers["Cache-Control"]) == (302, "no-store")
    with visitor.client.get(answer.headers["Location"]) as original:
        assert original.data == small_png()
    assert visitor.get("/uploads/upl_unknown/download").get_json()["code"] == "upload_not_found"


def test_an_upload_has_the_priority_that_it_asks_for(visitor: Program, job_of: Callable[..., Job]) -> None:
    assert job_of(visitor.upload()).priority == Priority.NORMAL
    assert job_of(visitor.upload(priority="batch")).priority == Priority.BATCH

    refused = visitor.upload(priority="first").get_json()
    assert (refused["code"], refused["errors"][0]["parameter"]) == ("invalid_parameter", "priority")

"""Webhooks and e-mails that an upload asks for."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select

from tests.support.application import application
from upscaler.extensions import db
from upscaler.models import Delivery, Job
from upscaler.services.audit import Actor
from upscaler.services.jobs.actions import requeued

HOOK = "https://hooks.example.org/images?key=hidden"


MAIL = {
    "SMTP_HOST": "127.0.0.1",
    "MAIL_FROM": "images@example.org",
    "PUBLIC_URL": "https://images.example.org",
}


@pytest.fixture
def mailing_app(tmp_path: Path):
    with application(DATA_DIR=str(tmp_path), RATE_LIMIT="off", **MAIL) as app:
        yield app


def upload(app: Flask, language: str = "en", **fields: str) -> Any:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(buffer, "PNG")
    buffer.seek(0)
    form = {"file": (buffer, "a.png"), "factor": "2x", **fields}
    return app.test_client().post("/api/v1/uploads", data=form, headers={"Accept-Language": language})


def accepted(app: Flask, **fields: str) -> Job:
    answer = upload(app, **fields)
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


def test_a_new_run_tells_the_same_people(mailing_app: Flask) -> None:
    job = accepted(mailing_app, callback_url=HOOK, email="layla@example.org", denoise="low")
    actor = Actor(None, "abdullah", "")
    submissions = mailing_app.extensions["upscaler"].submissions

    with requeued(db.session(), actor, submissions, job, {"preset": "art"}) as again:
        pass

    assert again.params == {**job.params, "preset": "art"}
    assert again.notify_email == "layla@example.org"


def test_where_no_mail_is_set_up_an_address_is_refused_with_the_reason(app: Flask) -> None:
    answer = upload(app, email="layla@example.org")

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
    answer = upload(mailing_app, **fields)

    assert (answer.status_code, answer.get_json()["code"]) == (422, code)
    assert db.session.scalars(select(Job)).all() == []


def test_the_page_asks_for_no_address_where_no_mail_is_set_up(app: Flask) -> None:
    assert 'type="email"' not in app.test_client().get("/").text


@pytest.mark.parametrize(
    ("language", "label", "hint"),
    [
        ("en", "E-mail address (optional)", "The address is deleted after 30 days."),
        ("ar", "عنوان البريد الإلكتروني (اختياري)", "يُحذف العنوان بعد 30 يومًا."),
    ],
)
def test_the_page_asks_for_an_address_where_mail_is_set_up(
    mailing_app: Flask, language: str, label: str, hint: str
) -> None:
    page = mailing_app.test_client().get("/", headers={"Accept-Language": language}).text

    assert f'<label class="hint" for="email">{label}</label>' in page
    assert hint in page

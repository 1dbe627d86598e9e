"""Previews over the API, without a worker."""

from __future__ import annotations

import io
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy.orm import Session

from tests.unit.views.api.conftest import NOBODY, die
from upscaler.engine.options import OPTIONS, UpscaleOptions
from upscaler.models import Preview
from upscaler.services.previews import requests


def form(**fields: str) -> dict[str, Any]:
    file = io.BytesIO()
    Image.linear_gradient("L").resize((400, 300)).save(file, "PNG")
    file.seek(0)
    return {"file": (file, "in.png"), **fields}


def test_it_is_accepted_and_shown(client: FlaskClient, session: Session) -> None:
    sent = form(presets="photo, art", factor="4x", denoise="low", width="100", height="50", left="10")
    answer = client.post("/api/v1/previews", data=sent)
    assert answer.status_code == 202
    body = answer.get_json()
    assert body["crop"] == {"left": 10, "top": 125, "width": 100, "height": 50}
    defaults = UpscaleOptions("4x").as_dict()
    expected = {
        name: defaults[name] for name, option in OPTIONS.items() if option.in_preview and name in defaults
    }
    assert body["params"] == {**expected, "denoise": "low"}
    assert [item["preset"] for item in body["items"]] == ["photo", "art"]
    assert {item["status"] for item in body["items"]} == {"queued"}
    assert answer.headers["Location"].endswith(f"/api/v1/previews/{body['id']}")
    shown = client.get(f"/api/v1/previews/{body['id']}")
    assert shown.get_json() == body
    assert shown.headers["Retry-After"]
    again = client.get(f"/api/v1/previews/{body['id']}", headers={"If-None-Match": shown.headers["ETag"]})
    assert again.status_code == 304


def test_results_are_linked_and_failures_explained(client: FlaskClient, session: Session) -> None:
    body = client.post("/api/v1/previews", data=form(presets="photo,art")).get_json()
    preview = session.get_one(Preview, body["id"])
    preview.results = {
        "photo": {"path": "previews/ab/x.png", "model": "m", "width": 512, "height": 512, "seconds": 1.5},
        "art": {
            "error_code": "timeout",
            "error_message": "It took longer than %(seconds)s seconds.",
            "error_values": {"seconds": "120"},
        },
    }
    preview.status = "completed"
    session.commit()
    shown = client.get(f"/api/v1/previews/{preview.id}")
    assert "Retry-After" not in shown.headers
    photo, art = shown.get_json()["items"]
    assert "/files/previews/ab/x.png?" in photo["image_file"]
    assert (photo["status"], photo["seconds"], photo["error"]) == ("completed", 1.5, None)
    assert (art["status"], art["image_file"]) == ("failed", None)
    assert art["error"] == {"code": "timeout", "detail": "It took longer than 120 seconds."}


def test_a_wait_ends_when_the_preview_does(client: FlaskClient, session: Session) -> None:
    body = client.post("/api/v1/previews", data=form()).get_json()

    def end() -> None:
        preview = session.get_one(Preview, body["id"])
        preview.status = "failed"
        session.commit()

    timer = threading.Timer(0.7, end)
    timer.start()
    shown = client.get(f"/api/v1/previews/{body['id']}", headers={"Prefer": "wait=50"})
    timer.join()
    assert shown.get_json()["status"] == "failed"
    assert shown.headers["Preference-Applied"] == "wait=50"


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"presets": "photo,nothing"}, 422, "invalid_parameter"),
        ({"factor": "5x"}, 422, "invalid_parameter"),
        ({"factor": "fit"}, 422, "invalid_parameter"),
        ({"width": "257"}, 422, "invalid_parameter"),
        ({"height": "0"}, 422, "invalid_parameter"),
        ({"left": "-1"}, 422, "invalid_parameter"),
        ({"top": "9" * 5000}, 422, "invalid_parameter"),
        ({"left": "399"}, 422, "crop_outside"),
        ({"email": "a@example.org"}, 422, "unknown_parameter"),
    ],
)
def test_what_cannot_be_done_is_refused(
    client: FlaskClient, session: Session, fields: dict[str, str], status: int, code: str
) -> None:
    answer = client.post("/api/v1/previews", data=form(**fields))
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert session.query(Preview).count() == 0


def test_unknown_ones_are_not_found(client: FlaskClient, session: Session) -> None:
    answer = client.get("/api/v1/previews/pre_0")
    assert (answer.status_code, answer.get_json()["code"]) == (404, "preview_not_found")


def test_a_repeated_request_makes_one_preview(client: FlaskClient, session: Session) -> None:
    key = {"Idempotency-Key": "once"}
    first, second = (client.post("/api/v1/previews", data=form(), headers=key).get_json() for _ in range(2))
    assert first == second
    assert session.query(Preview).count() == 1


def test_a_preview_is_one_also_when_its_host_dies_before_it_answers(
    client: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = {"Idempotency-Key": "once"}
    with monkeypatch.context() as patched:
        # The line about the preview is written after the commit.
        patched.setattr(requests, "log", SimpleNamespace(info=die))
        assert client.post("/api/v1/previews", data=form(), headers=key).status_code == 500

    again = client.post("/api/v1/previews", data=form(), headers=key)

    assert (again.status_code, again.headers.get("Idempotency-Replayed")) == (202, "true")
    assert [preview.id for preview in session.query(Preview)] == [again.get_json()["id"]]


def test_they_have_a_limit_of_their_own(app: Flask, client: FlaskClient, session: Session) -> None:
    settings = app.extensions["upscaler"].settings
    settings.update(session, NOBODY, {"preview_rate_limit": "2 per hour", "rate_limit": "1 per hour"})
    answers = [client.post("/api/v1/previews", data=form()).status_code for _ in range(3)]
    assert answers == [202, 202, 429]

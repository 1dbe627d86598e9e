"""How long bodies may be, by route, as the server asks before they arrive."""

from __future__ import annotations

import io

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from tests.unit.views.api.conftest import Program, small_png
from upscaler.extensions import db
from upscaler.server.requests import BUSY, REFUSED, TOO_LARGE
from upscaler.services.settings.runtime import RuntimeSettings
from upscaler.views.api.batches import _longest_batch
from upscaler.views.api.forms import FORM_BYTES
from upscaler.views.body_limits import LONGEST_BODY, BodyLimits


@pytest.fixture
def limits(app: Flask) -> BodyLimits:
    return BodyLimits(app)


def test_each_route_has_its_own_limit(app: Flask, limits: BodyLimits) -> None:
    config = app.extensions["config"]
    upload = config.max_upload_size_bytes + FORM_BYTES
    assert limits.most("POST", "/api/v1/uploads") == upload
    assert limits.most("POST", "/api/v1/previews") == upload
    assert limits.most("POST", "/api/v1/admin/models") == config.max_model_size_bytes + FORM_BYTES
    with app.app_context():
        assert limits.most("POST", "/api/v1/batches") == _longest_batch() > config.max_batch_size_bytes


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/uploads"),
        ("POST", "/"),
        ("POST", "/api/v1/auth/login"),
        ("POST", "/no/such/page"),
        ("PUT", "/api/v1/uploads"),
        ("BREW", "/"),
        ("POST", "/api/v1/\xff"),
    ],
)
def test_all_others_take_the_fields_of_a_form(limits: BodyLimits, method: str, path: str) -> None:
    assert limits.most(method, path) == LONGEST_BODY


def test_a_changed_setting_is_taken_over(
    app: Flask, limits: BodyLimits, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = app.extensions["upscaler"]
    with app.app_context():
        values = services.settings.values(db.session())
    changed = values.model_copy(update={"max_upload_size_bytes": 5000})
    monkeypatch.setattr(RuntimeSettings, "values", lambda *_: changed)

    limits.refresh()

    assert limits.most("POST", "/api/v1/uploads") == 5000 + FORM_BYTES


def test_without_the_database_the_known_limits_stay(
    limits: BodyLimits, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = limits.most("POST", "/api/v1/uploads")

    def away(*_: object) -> None:
        raise OperationalError("", {}, Exception())

    monkeypatch.setattr(RuntimeSettings, "values", away)
    limits.refresh()

    assert limits.most("POST", "/api/v1/uploads") == before


def test_a_body_that_the_server_did_not_receive_is_answered_with_the_reason(visitor: Program) -> None:
    def sent(reason: str) -> TestResponse:
        form = {"file": (io.BytesIO(small_png()), "cat.png"), "factor": "2x"}
        return visitor.post("/uploads", data=form, environ_overrides={REFUSED: reason})

    too_large = sent(TOO_LARGE)
    assert (too_large.status_code, too_large.get_json()["code"]) == (413, "file_too_large")
    busy = sent(BUSY)
    assert (busy.status_code, busy.get_json()["code"]) == (503, "service_unavailable")

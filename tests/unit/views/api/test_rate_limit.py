from __future__ import annotations

import io

import pytest
from flask import Flask
from PIL import Image

from upscaler.extensions import db
from upscaler.services.audit import Actor


def upload(app: Flask, address: str) -> int:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(buffer, "PNG")
    buffer.seek(0)
    answer = app.test_client().post(
        "/api/v1/uploads",
        data={"file": (buffer, "a.png"), "factor": "2x"},
        headers={"X-Forwarded-For": f"203.0.113.99, {address}"},
    )
    if answer.status_code == 429:
        assert answer.mimetype == "application/problem+json"
        assert answer.get_json()["code"] == "rate_limited"
        assert int(answer.headers["Retry-After"]) > 0
    return answer.status_code


def test_an_address_that_sends_too_much_is_asked_to_wait(app: Flask) -> None:
    assert [upload(app, "192.0.2.1") for _ in range(3)] == [202, 202, 429]
    assert upload(app, "192.0.2.2") == 202


def test_an_ipv6_network_counts_as_one_address(app: Flask) -> None:
    addresses = ["2001:db8::1", "2001:db8::2", "2001:db8::3"]

    assert [upload(app, address) for address in addresses] == [202, 202, 429]
    assert upload(app, "2001:db8:0:1::1") == 202


def test_an_admin_can_change_the_limit_while_the_service_runs(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    app.extensions["upscaler"].settings.update(db.session, Actor(None, "abdullah", ""), {"rate_limit": "off"})

    assert [upload(app, "192.0.2.3") for _ in range(4)] == [202] * 4
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []

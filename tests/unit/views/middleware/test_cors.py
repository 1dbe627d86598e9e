"""Requests from pages of other sites."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.application import application


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    origins = "https://app.example.org, https://b.example.org"
    with application(DATA_DIR=str(tmp_path), CORS_ORIGINS=origins) as app:
        yield app


def test_only_the_sites_that_the_operator_names_may_call_from_browsers(client: FlaskClient) -> None:
    ask = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}

    allowed = client.options("/api/v1/uploads", headers={"Origin": "https://app.example.org", **ask})
    refused = client.options("/api/v1/uploads", headers={"Origin": "https://evil.example", **ask})

    assert allowed.headers["Access-Control-Allow-Origin"] == "https://app.example.org"
    assert "Access-Control-Allow-Credentials" not in allowed.headers
    assert "Access-Control-Allow-Origin" not in refused.headers
    assert (
        "Access-Control-Allow-Origin"
        not in client.get("/", headers={"Origin": "https://app.example.org"}).headers
    )

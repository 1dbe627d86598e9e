from __future__ import annotations

import re

from flask.testing import FlaskClient

from tests.unit.views.api.conftest import Program


def test_a_page_runs_only_scripts_with_its_nonce(client: FlaskClient) -> None:
    page = client.get("/")

    nonces = set(re.findall(r'<script[^>]* nonce="([^"]+)"', page.text))
    assert len(nonces) == 1
    assert f"script-src 'self' 'nonce-{nonces.pop()}';" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"


def test_every_response_forbids_frames_and_guesses(visitor: Program) -> None:
    headers = visitor.get("/presets").headers

    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_only_an_encrypted_connection_is_asked_to_stay_so(client: FlaskClient) -> None:
    assert "Strict-Transport-Security" not in client.get("/").headers
    assert "Strict-Transport-Security" in client.get("/", base_url="https://localhost").headers


def test_a_form_of_the_site_needs_its_token(client: FlaskClient) -> None:
    assert client.post("/admin/login", data={"username": "a", "password": "b"}).status_code == 400

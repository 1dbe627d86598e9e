"""Requests from pages of other sites."""

from __future__ import annotations

from pathlib import Path

from config import load
from upscaler import create_app


def test_only_the_sites_that_the_operator_names_may_call_from_browsers(tmp_path: Path) -> None:
    settings = {"DATA_DIR": str(tmp_path), "CORS_ORIGINS": "https://app.example.org, https://b.example.org"}
    app = create_app(load(settings, env_file=None))
    client = app.test_client()
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
    app.extensions["upscaler"].submissions.close()

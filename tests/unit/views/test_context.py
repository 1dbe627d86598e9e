from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from tests.support.application import application
from upscaler.errors import AuthenticationRequired
from upscaler.services.audit import Actor
from upscaler.views import context


def test_a_visitor_is_an_actor_without_a_name(app: Flask) -> None:
    with app.test_request_context(environ_base={"REMOTE_ADDR": "192.0.2.1"}):
        assert context.current_account() is None
        assert context.current_actor() == Actor(None, "", "192.0.2.1")
        with pytest.raises(AuthenticationRequired):
            context.signed_in()


def test_an_absolute_url_begins_as_the_request_did(app: Flask) -> None:
    with app.test_request_context(base_url="https://example.org:8443/images"):
        assert context.absolute_url("/jobs/1") == "https://example.org:8443/images/jobs/1"


@pytest.mark.parametrize(
    ("public", "base_url", "begins"),
    [
        ("https://images.example.org/", "http://10.0.0.1", "https://images.example.org"),
        ("https://example.org", "http://10.0.0.1/upscaler", "https://example.org/upscaler"),
        # A public URL with a path says all; it is not added twice.
        ("https://example.org/upscaler/", "http://10.0.0.1/upscaler", "https://example.org/upscaler"),
        ("https://example.org/upscaler", "http://10.0.0.1", "https://example.org/upscaler"),
        ("", "http://10.0.0.1/upscaler", "http://10.0.0.1/upscaler"),
    ],
)
def test_an_absolute_url_begins_with_the_public_url_where_there_is_one(
    tmp_path: Path, public: str, base_url: str, begins: str
) -> None:
    settings = {"DATA_DIR": str(tmp_path), "PUBLIC_URL": public}
    with application(**settings) as app, app.test_request_context(base_url=base_url):
        assert context.absolute_url("/jobs/1") == f"{begins}/jobs/1"
        assert context.endpoint_url("api.get_job", job_id="job_1") == f"{begins}/api/v1/jobs/job_1"

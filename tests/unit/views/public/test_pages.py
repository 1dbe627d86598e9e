from __future__ import annotations

from urllib.parse import unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests import factories
from upscaler.extensions import db


def choose(client: FlaskClient, target: str, site: str = "") -> tuple[int, str | None]:
    headers = {"Sec-Fetch-Site": site} if site else {}
    answer = client.post("/language", data={"language": "ar", "next": target}, headers=headers)
    return answer.status_code, answer.location


@pytest.mark.parametrize("path", ["/", "/jobs/job_abc", "/?page=2", "/jobs/صورة"])
def test_it_returns_to_the_page_that_asked(client: FlaskClient, path: str) -> None:
    status, location = choose(client, path)

    assert status == 303
    assert location is not None
    assert unquote(location) == path


@pytest.mark.parametrize(
    "elsewhere", ["", "jobs", "https://example.org/", "//example.org/", "/\\example.org/"]
)
def test_it_sends_nobody_to_another_site(client: FlaskClient, elsewhere: str) -> None:
    assert choose(client, elsewhere) == (303, "/")


def test_a_language_is_remembered_without_a_session(client: FlaskClient) -> None:
    client.post("/language", data={"language": "ar", "next": "/"})

    assert 'lang="ar"' in client.get("/", headers={"Accept-Language": "en"}).text
    cookie = client.get_cookie("locale")
    assert cookie is not None
    assert (cookie.value, cookie.http_only, cookie.same_site) == ("ar", True, "Lax")
    assert client.get_cookie("session") is None


def test_a_language_that_is_not_offered_changes_nothing(client: FlaskClient) -> None:
    assert client.post("/language", data={"language": "tlh"}).status_code == 422
    assert client.get_cookie("locale") is None
    client.set_cookie("locale", "tlh")
    assert 'lang="en"' in client.get("/").text


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_does_not_choose_the_language(client: FlaskClient, site: str) -> None:
    assert choose(client, "/", site)[0] == 403
    assert client.get_cookie("locale") is None
    assert choose(client, "/", "same-origin")[0] == 303


@pytest.mark.parametrize("prefix", ["", "/upscaler"])
def test_pages_that_need_no_session_set_none(app: Flask, client: FlaskClient, prefix: str) -> None:
    with app.app_context():
        session: Session = db.session()
        job_id = factories.new_job(session).id
    paths = (
        "/",
        f"/jobs/{job_id}",
        "/jobs/job_unknown",
        "/unknown",
        "/api/v1/docs",
        "/api/v1/openapi.json",
        "/api/v1/presets",
        f"/api/v1/jobs/{job_id}",
        "/api/v1/unknown",
        "/static/public/js/main.js",
        "/files/uploads/ab/upl_ab.png",
        "/admin/jobs",
    )

    for path in paths:
        with client.get(path, base_url=f"http://localhost{prefix}") as answer:
            assert "Set-Cookie" not in answer.headers, path
    for path in ("/admin/logout", "/admin/login", "/unknown"):
        assert "Set-Cookie" not in client.post(path).headers, "a form of another site"
    assert client.post("/api/v1/uploads").headers.get("Set-Cookie") is None

"""What a reverse proxy reports: the prefix that it serves us under."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from tests.support.application import application
from upscaler.extensions import db
from upscaler.views.proxies import plain_prefix

HOSTILE = [
    "//evil.example",
    "/\\evil.example",
    "https:",
    "https://evil.example",
    "javascript:alert(1)",
    "upscaler",
    "/a//b",
    "/..",
    "/a/../b",
    "/.",
    "/a b",
    "/a?b",
    "/a#b",
    "/a%2f%2fb",
    '/a"><script>',
    "/a;b",
    "/é",
]


@pytest.mark.parametrize("prefix", ["/upscaler", "/tools/upscaler", "/a.b", "/a..b", "/~me/x-y_z"])
def test_a_plain_path_is_a_prefix(prefix: str) -> None:
    assert plain_prefix(prefix) == plain_prefix(f"{prefix}/") == prefix


@pytest.mark.parametrize("prefix", ["", "/", *HOSTILE])
def test_anything_else_is_none(prefix: str) -> None:
    assert plain_prefix(prefix) == ""


def places(client: FlaskClient, job_id: str, **headers: str) -> dict[str, str]:
    """Return where the service says that things are."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    job = client.get(f"/api/v1/jobs/{job_id}", headers=sent).get_json()
    return {
        "page": client.get("/", headers=sent).text,
        "login": client.get("/admin/jobs", headers=sent).location,
        "file": job["original_file"],
        "error": client.get("/api/v1/jobs/job_unknown", headers=sent).get_json()["type"],
        "servers": json.dumps(client.get("/api/v1/openapi.json", headers=sent).get_json()["servers"]),
    }


def test_everything_is_below_the_prefix_of_a_trusted_proxy(tmp_path: Path) -> None:
    with application(DATA_DIR=str(tmp_path), TRUSTED_PROXIES="1") as app:
        job_id = factories.new_job(db.session()).id
        found = places(app.test_client(), job_id, X_Forwarded_Prefix="/upscaler/")

    assert found["login"].startswith("/upscaler/admin/login?next=/upscaler/admin/jobs")
    assert found["file"].startswith("http://localhost/upscaler/files/")
    assert found["error"] == "http://localhost/upscaler/api/v1/docs#error-job_not_found"
    assert found["servers"] == '[{"url": "/upscaler"}]'
    assert '"root": "/upscaler"' in found["page"]
    for attribute in ("href", "src", "action"):
        assert f'{attribute}="/' in found["page"]
        assert f'{attribute}="/' not in found["page"].replace(f'{attribute}="/upscaler/', "")


@pytest.mark.parametrize(
    ("proxies", "prefix"),
    [("0", "/upscaler"), *(("1", hostile) for hostile in HOSTILE if hostile.isascii())],
)
def test_a_prefix_that_nobody_vouches_for_or_that_is_none_is_ignored(
    tmp_path: Path, proxies: str, prefix: str
) -> None:
    with application(DATA_DIR=str(tmp_path), TRUSTED_PROXIES=proxies) as app:
        job_id = factories.new_job(db.session()).id
        found = places(app.test_client(), job_id, X_Forwarded_Prefix=prefix)

    assert found["login"].startswith("/admin/login?next=/admin/jobs")
    assert found["file"].startswith("http://localhost/files/")
    assert found["error"] == "http://localhost/api/v1/docs#error-job_not_found"
    assert found["servers"] == '[{"url": "/"}]'
    assert "evil" not in "".join(found.values())
    assert '"root": ""' in found["page"]


def test_only_the_entries_of_the_trusted_proxies_count(tmp_path: Path) -> None:
    with application(DATA_DIR=str(tmp_path), TRUSTED_PROXIES="1") as app:
        answer = app.test_client().get("/admin/jobs", headers={"X-Forwarded-Prefix": "/evil, /upscaler"})

    assert answer.location.startswith("/upscaler/admin/login")


def test_a_server_that_is_mounted_by_itself_keeps_its_path(tmp_path: Path) -> None:
    with application(DATA_DIR=str(tmp_path)) as app:
        client = app.test_client()
        assert client.get("/admin/jobs", base_url="http://localhost/a").location.startswith("/a/admin/login")


def test_a_location_of_the_api_has_the_prefix_once(app: Flask, client: FlaskClient) -> None:
    # The same word stands in the prefix and in the path.
    job_id = factories.new_job(db.session(), status="failed").id
    batch = factories.new_batch(db.session(), [])

    answer = client.get(f"/api/v1/batches/{batch.id}", base_url="http://localhost/api")

    assert answer.status_code == 200
    file = client.get(f"/api/v1/jobs/{job_id}", base_url="http://localhost/files").get_json()["original_file"]
    assert file.startswith("http://localhost/files/files/uploads/")

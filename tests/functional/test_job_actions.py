"""Canceling and running again, over HTTP."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests

from tests.support.service import ADMIN, LiveService


@pytest.fixture
def admin(live_service: LiveService) -> requests.Session:
    """A signed-in admin, with the token that unsafe requests need."""
    session = requests.Session()
    page = session.get(f"{live_service.url}/admin/login", timeout=30).text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token is not None
    form = {"username": ADMIN[0], "password": ADMIN[1], "csrf_token": token[1]}
    answer = session.post(f"{live_service.url}/admin/login", data=form, timeout=30)
    assert answer.url.endswith("/admin/dashboard"), answer.url
    fresh = re.search(r'name="csrf-?_?token"[^>]*(?:content|value)="([^"]+)"', answer.text)
    assert fresh is not None
    session.headers["X-CSRFToken"] = fresh[1]
    return session


@pytest.mark.parametrize("path", ["/api/v1/jobs/{}/requeue", "/api/v1/admin/jobs/{}/requeue"])
def test_an_admin_runs_a_job_again_with_other_parameters(
    live_service: LiveService, photographs: dict[str, Path], admin: requests.Session, path: str
) -> None:
    job = live_service.upscale(photographs["coffee"], factor="2x")

    answer = admin.post(live_service.url + path.format(job["job_id"]), json={"denoise": "high"}, timeout=30)

    assert answer.status_code == 202, answer.text
    again = live_service.wait(answer.json()["job_id"])
    assert again["status"] == "completed"
    assert again["parent_id"] == job["job_id"]
    assert again["params"] == {**job["params"], "denoise": "high"}
    assert again["model"] != job["model"]


def test_only_an_admin_may_run_a_job_again(live_service: LiveService, photographs: dict[str, Path]) -> None:
    job_id = live_service.upload(photographs["coffee"], factor="2x").json()["job_id"]

    answer = requests.post(f"{live_service.url}/api/v1/jobs/{job_id}/requeue", timeout=30)

    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_required")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"denoise": "loud"}, "invalid_parameter"),
        ({"nothing": 1}, "unknown_parameter"),
        ([1], "invalid_request"),
    ],
)
def test_it_refuses_overrides_that_make_no_sense(
    live_service: LiveService, photographs: dict[str, Path], admin: requests.Session, body: object, code: str
) -> None:
    job_id = live_service.upload(photographs["coffee"], factor="2x").json()["job_id"]

    answer = admin.post(f"{live_service.url}/api/v1/jobs/{job_id}/requeue", json=body, timeout=30)

    assert (answer.status_code // 100, answer.json()["code"]) == (4, code)


def test_a_request_with_a_session_needs_the_token_of_a_page(
    live_service: LiveService, photographs: dict[str, Path], admin: requests.Session
) -> None:
    job_id = live_service.upload(photographs["coffee"], factor="2x").json()["job_id"]
    del admin.headers["X-CSRFToken"]

    answer = admin.post(f"{live_service.url}/api/v1/jobs/{job_id}/requeue", timeout=30)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


def test_every_action_of_an_admin_is_on_the_record(
    live_service: LiveService, photographs: dict[str, Path], admin: requests.Session
) -> None:
    job = live_service.upscale(photographs["chelsea"], factor="2x")
    admin.post(f"{live_service.url}/api/v1/jobs/{job['job_id']}/requeue", timeout=30)

    page = admin.get(f"{live_service.url}/admin/audit", timeout=30).text

    assert "job.requeue" in page
    assert job["job_id"] in page
    assert "127.0.0.1" in page

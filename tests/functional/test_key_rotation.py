"""A change of ``SECRET_KEY``: what older keys signed is good for as long as they are named."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from PIL import Image

from tests.support.service import ADMIN, LiveService

OLD, NEW = secrets.token_hex(32), secrets.token_hex(32)


@contextmanager
def running(folder: Path, key: str) -> Iterator[LiveService]:
    folder.mkdir(exist_ok=True)
    service = LiveService(folder, {"SECRET_KEY": key, "ENGINE": "lanczos"})
    service.start()
    try:
        yield service
    finally:
        service.stop()


def statuses(service: LiveService, token: str, link: str, cookies: dict[str, str]) -> list[int]:
    """Return what a token, a link and a session cookie are answered."""
    answers = (
        requests.get(f"{service.url}/api/v1/me", headers={"Authorization": f"Bearer {token}"}, timeout=60),
        requests.get(service.url + link, timeout=60),
        requests.get(f"{service.url}/admin/dashboard", cookies=cookies, allow_redirects=False, timeout=60),
    )
    return [answer.status_code for answer in answers]


def signed_in(service: LiveService) -> dict[str, str]:
    """Return the cookies of the admin."""
    with requests.Session() as browser:
        page = browser.get(f"{service.url}/admin/login", timeout=60).text
        (field,) = re.findall(r'<input[^>]*name="csrf_token"[^>]*>', page)
        (csrf_token,) = re.findall(r'value="([^"]*)"', field)
        form = {"csrf_token": csrf_token, "username": ADMIN[0], "password": ADMIN[1]}
        browser.post(f"{service.url}/admin/login", data=form, timeout=60).raise_for_status()
        return browser.cookies.get_dict()


def test_tokens_links_and_sessions_outlive_a_change_of_the_key(tmp_path: Path) -> None:
    Image.new("RGB", (16, 16)).save(tmp_path / "a.png")
    folder = tmp_path / "data"
    with running(folder, OLD) as service:
        credentials = {"username": ADMIN[0], "password": ADMIN[1]}
        answer = requests.post(f"{service.url}/api/v1/auth/login", json=credentials, timeout=60)
        token = answer.json()["access_token"]
        done = service.upscale(tmp_path / "a.png", factor="2x")
        link = done["result_file"].removeprefix(service.url)
        cookies = signed_in(service)
        assert statuses(service, token, link, cookies) == [200, 200, 200]
    with running(folder, f"{NEW} {OLD}") as service:
        assert statuses(service, token, link, cookies) == [200, 200, 200]
        later = signed_in(service)
    with running(folder, NEW) as service:
        assert statuses(service, token, link, cookies) == [401, 403, 303]
        assert statuses(service, token, link, later)[2] == 200

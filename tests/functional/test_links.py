"""Signed links: what they send, and when they stop working."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import pytest
import requests

from config import derived_keys, keys, load
from tests.support.service import LiveService
from upscaler.services.files.links import LinkSigner


@pytest.fixture(scope="module")
def job(live_service: LiveService, photographs: dict[str, Path]) -> dict[str, Any]:
    return live_service.upscale(photographs["astronaut"], factor="2x")


def changed(url: str, **values: str) -> str:
    parts = urlsplit(url)
    query = {name: found[0] for name, found in parse_qs(parts.query).items()} | values
    return urlunsplit(parts._replace(query=urlencode(query)))


def test_it_sends_a_file_with_all_that_a_client_needs(job: dict[str, Any]) -> None:
    answer = requests.get(job["result_file"], timeout=30)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/png"
    assert int(answer.headers["Content-Length"]) == len(answer.content) == job["result"]["size_bytes"]
    assert "astronaut-2x.png" in answer.headers["Content-Disposition"]
    assert answer.headers["ETag"]
    assert answer.headers["Accept-Ranges"] == "bytes"


def test_it_sends_ranges(job: dict[str, Any]) -> None:
    whole = requests.get(job["result_file"], timeout=30).content

    part = requests.get(job["result_file"], headers={"Range": "bytes=100-199"}, timeout=30)
    tail = requests.get(job["result_file"], headers={"Range": "bytes=-50"}, timeout=30)
    beyond = requests.get(job["result_file"], headers={"Range": f"bytes={len(whole)}-"}, timeout=30)

    assert part.status_code == 206
    assert part.content == whole[100:200]
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole)}"
    assert tail.content == whole[-50:]
    assert beyond.status_code == 416


def test_it_does_not_send_what_the_client_has_already(job: dict[str, Any]) -> None:
    etag = requests.get(job["result_file"], timeout=30).headers["ETag"]

    answer = requests.get(job["result_file"], headers={"If-None-Match": etag}, timeout=30)

    assert answer.status_code == 304
    assert answer.content == b""


@pytest.mark.parametrize("name", ["expires", "name", "signature"])
def test_it_rejects_an_altered_link(job: dict[str, Any], name: str) -> None:
    for value in ("", "1", "9" * 11, "é"):
        answer = requests.get(changed(job["result_file"], **{name: value}), timeout=30)
        assert answer.status_code == 403, (name, value)
        assert answer.json()["code"] == "invalid_signature"


def test_it_rejects_a_link_moved_to_another_file(job: dict[str, Any]) -> None:
    original, result = urlsplit(job["original_file"]), urlsplit(job["result_file"])

    answer = requests.get(urlunsplit(result._replace(path=original.path)), timeout=30)

    assert answer.status_code == 403


def test_it_rejects_an_expired_link(live_service: LiveService, job: dict[str, Any]) -> None:
    config = load({"DATA_DIR": str(live_service.data_dir)}, env_file=None)
    stored = urlsplit(job["result_file"]).path.removeprefix("/files/")
    path = LinkSigner(derived_keys(config, keys.LINKS), 60).path(stored, "late.png", time.time() - 3600)

    answer = requests.get(live_service.url + path, timeout=30)

    assert answer.status_code == 410
    assert answer.json()["code"] == "link_expired"
    # A person who clicks on it sees a page.
    headers = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    page = requests.get(live_service.url + path, headers=headers, timeout=30)
    assert page.status_code == 410
    assert page.headers["Content-Type"].startswith("text/html")
    assert "Link expired" in page.text


def test_it_says_when_a_link_ends(job: dict[str, Any]) -> None:
    expires = int(parse_qs(urlsplit(job["result_file"]).query)["expires"][0])

    assert 86_400 - 300 < expires - time.time() <= 86_400 + 60

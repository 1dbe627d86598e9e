"""Hosts that requests may name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from config import ConfigError, load
from tests.support.application import application
from upscaler.views.middleware.trusted_hosts import is_trusted, trusted_hosts

OWN = ["localhost", "127.0.0.1", "[::1]"]


def trusted(**settings: str) -> frozenset[str]:
    return trusted_hosts(load(settings, env_file=None, may_be_unsafe=True))


@pytest.mark.parametrize(
    ("settings", "hosts", "others"),
    [
        # On a laptop, a page elsewhere whose name was pointed to 127.0.0.1 is another host.
        ({}, OWN, ["rebound.example.net", "127.0.0.2"]),
        ({"HOST": "127.0.0.7"}, [*OWN, "127.0.0.7"], ["127.0.0.2"]),
        ({"HOST": "::1"}, OWN, ["rebound.example.net"]),
        (
            {"HOST": "0.0.0.0", "PUBLIC_URL": "https://Images.example.org/upscaler"},
            [*OWN, "images.example.org", "IMAGES.example.org", "images.example.org."],
            ["example.org", "a.images.example.org", "images.example.org.example.net", "0.0.0.1"],
        ),
        (
            {"TRUSTED_HOSTS": "images.lan, .example.org, fd00::7"},
            [*OWN, "images.lan", "a.example.org", "a.b.example.org", "[fd00::7]"],
            ["lan", "example.org", "notexample.org", "[fd00::8]"],
        ),
    ],
)
def test_its_own_hosts_are_trusted_with_any_port(
    settings: dict[str, str], hosts: list[str], others: list[str]
) -> None:
    known = trusted(**settings)

    for port in ("", ":80", ":8000"):
        assert [host for host in hosts if not is_trusted(host + port, known)] == []
        assert [host for host in others if is_trusted(host + port, known)] == []
    for broken in ("", ":", "[", "[::1", "a b", "@127.0.0.1", "127.0.0.1@evil.example"):
        assert not is_trusted(broken, known)


@pytest.mark.parametrize("settings", [{"TRUSTED_PROXIES": "1"}, {"HOST": "0.0.0.0"}])
def test_where_the_names_are_not_known_any_is_taken(settings: dict[str, str]) -> None:
    assert trusted(**settings) == frozenset()


@pytest.mark.parametrize("value", ["https://images.lan", "images.lan:8000", "*", "a/b", "a..b", "."])
def test_what_is_no_host_is_no_setting(value: str) -> None:
    with pytest.raises(ConfigError, match=r"^TRUSTED_HOSTS: .* is not a host such as images\.example\.org"):
        trusted(TRUSTED_HOSTS=value)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[FlaskClient]:
    with application(DATA_DIR=str(tmp_path)) as app:
        yield app.test_client()


def test_a_request_for_another_host_is_refused(client: FlaskClient) -> None:
    page = client.get("/", headers={"Host": "rebound.example.net"})
    assert page.status_code == 400
    assert "rebound" not in page.text

    answer = client.get("/api/v1/presets", headers={"Host": "rebound.example.net"})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "untrusted_host")
    assert client.get("/no-such-page", headers={"Host": "rebound.example.net"}).status_code == 400


def test_a_request_for_its_own_host_is_answered(client: FlaskClient) -> None:
    assert client.get("/", headers={"Host": "127.0.0.1:8000"}).status_code == 200


def test_the_page_that_refuses_a_host_has_its_style_sheets(client: FlaskClient) -> None:
    headers = {"Host": "rebound.example.net"}
    sheets = re.findall(r'<link rel="stylesheet" href="([^"]+)"', client.get("/", headers=headers).text)

    assert sheets
    for sheet in sheets:
        with client.get(sheet, headers=headers) as answer:
            assert answer.status_code == 200


@pytest.mark.parametrize(("path", "status"), [("/api/v1/health", 200), ("/metrics", 404)])
def test_probes_reach_it_at_any_address(client: FlaskClient, path: str, status: int) -> None:
    assert client.get(path, headers={"Host": "10.0.0.7:8000"}).status_code == status

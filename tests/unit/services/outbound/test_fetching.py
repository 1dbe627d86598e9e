"""Images from real HTTP servers on loopback, which the policy of these tests allows."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from tests.support.receiver import content, receiver, status
from tests.support.service import free_port
from upscaler.errors import (
    FetchFailed,
    FileTooLarge,
    InvalidUrl,
    ServiceUnavailable,
    UpscalerError,
    UrlNotAllowed,
)
from upscaler.services.outbound.addresses import AddressPolicy
from upscaler.services.outbound.fetching import MOST_REDIRECTS, ImageFetcher

LOOPBACK = AddressPolicy((ip_network("127.0.0.1/32"),))
LIMIT = 100_000
IMAGE = b"not looked at here" * 1000


def fetch(address: str, folder: Path, policy: AddressPolicy = LOOPBACK, **options: Any) -> tuple[bytes, str]:
    """Return content and name of what was fetched, and see that nothing stays behind."""
    try:
        with ImageFetcher(policy, 1, **options).fetched(address, folder, LIMIT) as incoming:
            assert incoming.path.parent == folder
            return incoming.path.read_bytes(), incoming.filename
    finally:
        assert list(folder.glob("*")) == []


def refusal(address: str, folder: Path, policy: AddressPolicy = LOOPBACK, **options: Any) -> UpscalerError:
    with pytest.raises(UpscalerError) as raised:
        fetch(address, folder, policy, **options)
    assert "%(" not in raised.value.detail
    return raised.value


@pytest.mark.parametrize(
    ("path", "disposition", "name"),
    [
        ("/images/cat.png?size=large#part", "", "cat.png"),
        ("/a%20cat%2Fdog%00.png", "", "dog.png"),
        ("/", "", "image"),
        ("", "", "image"),
        ("/1", 'attachment; filename="cat.png"', "cat.png"),
        ("/1", "attachment; filename*=UTF-8''%D9%82%D8%B7.png", "قط.png"),
        ("/1", 'inline; filename="../../etc/passwd"', "passwd"),
        ("/cat.png", "nonsense;;;=", "cat.png"),
        ("/caf%E9.png", "", "café.png"),
        # The bytes of UTF-8 and of a code page, as the header is written.
        ("/1", 'attachment; filename="caf\u00c3\u00a9.png"', "café.png"),
        ("/1", 'attachment; filename="caf\u00e9.png"', "café.png"),
    ],
)
def test_the_file_arrives_with_its_name(tmp_path: Path, path: str, disposition: str, name: str) -> None:
    with receiver(content(IMAGE, **{"Content-Disposition": disposition})) as host:
        found = fetch(f"http://127.0.0.1:{host.port}{path}", tmp_path)

    assert found == (IMAGE, name)
    [request] = host.requests
    assert request.headers["accept-encoding"] == "identity"
    assert "#" not in request.path
    assert "cookie" not in request.headers


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_redirects_are_followed(tmp_path: Path, code: int) -> None:
    with receiver(content(IMAGE)) as last, receiver() as middle, receiver() as first:
        middle.answer = status(code, Location=f"http://127.0.0.1:{last.port}/cat.png#part")
        first.answer = status(code, Location=f"//127.0.0.1:{middle.port}/b")

        assert fetch(first.url(), tmp_path) == (IMAGE, "cat.png")


def test_redirects_come_to_an_end(tmp_path: Path) -> None:
    with receiver(status(302, Location="/again")) as host:
        error = refusal(host.url(), tmp_path)

    assert error.code == "fetch_failed"
    assert len(host.requests) == MOST_REDIRECTS + 1


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.2:{}/",
        "http://localhost.:1/",
        "http://[::1]:{}/",
        "http://[::ffff:127.0.0.2]:{}/",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/",
        "http://100.64.0.1/",
    ],
)
def test_a_redirect_leads_nowhere_that_is_not_allowed(tmp_path: Path, target: str) -> None:
    with receiver(host="127.0.0.2") as forbidden, receiver() as host:
        host.answer = status(302, Location=target.format(forbidden.port))
        # As a name server of somebody's own would answer.
        error = refusal(
            host.url(),
            tmp_path,
            resolve=lambda name, _port: ["127.0.0.2"] if name.startswith("local") else [name],
        )

    assert isinstance(error, UrlNotAllowed)
    assert forbidden.requests == []


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://127.0.0.1/", "http://a:b@127.0.0.1/", "http://[::1", "http://"]
)
def test_a_redirect_leads_nowhere_that_cannot_be_used(tmp_path: Path, target: str) -> None:
    with receiver(status(302, Location=target)) as host:
        assert isinstance(refusal(host.url(), tmp_path), FetchFailed)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:{}/",
        "http://localhost:{}/",
        "http://127.1:{}/",
        "http://0x7f000001:{}/",
        "http://[::ffff:127.0.0.1]:{}/",
        "http://rebound.example:{}/",
    ],
)
def test_nothing_is_asked_of_this_machine_unless_it_is_allowed(tmp_path: Path, address: str) -> None:
    def resolve(name: str, port: int) -> list[str]:
        found = socket.getaddrinfo("127.0.0.1" if "rebound" in name else name, port, type=socket.SOCK_STREAM)
        return [str(entry[4][0]) for entry in found]

    with receiver(content(IMAGE)) as host:
        error = refusal(address.format(host.port), tmp_path, AddressPolicy(), resolve=resolve)

    assert isinstance(error, UrlNotAllowed)
    assert host.requests == []


@pytest.mark.parametrize(
    "address",
    [
        "cat.png",
        "ftp://example.org/cat.png",
        "file:///etc/passwd",
        "https://a:b@example.org/",
        "http://a\r\nb/",
    ],
)
def test_what_is_no_address_on_the_web_is_refused(tmp_path: Path, address: str) -> None:
    assert isinstance(refusal(address, tmp_path), InvalidUrl)


@pytest.mark.parametrize("length", ["known", "unknown", "chunked"])
def test_a_file_that_is_too_large_is_not_read_to_its_end(tmp_path: Path, length: str) -> None:
    sent = 0

    def answer(handler: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        handler.protocol_version = "HTTP/1.1"
        handler.send_response(200)
        if length == "known":
            handler.send_header("Content-Length", str(LIMIT + 1))
            handler.end_headers()
            return
        if length == "chunked":
            handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        block = b"x" * 1024
        while sent < 100_000_000:
            handler.wfile.write(b"400\r\n" + block + b"\r\n" if length == "chunked" else block)
            sent += len(block)

    with receiver(answer) as host:
        assert isinstance(refusal(host.url(), tmp_path), FileTooLarge)

    # More than is read fits into the buffers of the system.
    assert sent < 50_000_000


@pytest.mark.parametrize("manner", ["silent", "dripping head", "dripping body", "dripping without length"])
def test_a_server_that_takes_too_long_is_left(tmp_path: Path, manner: str) -> None:
    with receiver() as host:

        def answer(handler: BaseHTTPRequestHandler) -> None:
            if manner.startswith("dripping"):
                handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
            if manner == "dripping body":
                handler.wfile.write(b"Content-Length: 1000\r\n\r\n")
            if manner == "dripping without length":
                handler.wfile.write(b"\r\n")
            while not host.released.wait(0.1):
                if manner != "silent":
                    handler.wfile.write(b"X-A: b\r\n")

        host.answer = answer
        started = time.monotonic()
        error = refusal(host.url(), tmp_path, timeout_seconds=1.0)

    assert isinstance(error, FetchFailed)
    assert "within 1 seconds" in error.detail
    assert 0.9 < time.monotonic() - started < 20


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (content(b"the secret of the page", 404), '"404 Not Found"'),
        (content(b"", 204), '"204 No Content"'),
        (content(b"x", 599), '"599"'),
        (content(b"x", 206), '"206 Partial Content"'),
        (status(302), '"302 Found"'),
        (content(b"x", **{"Content-Encoding": "gzip"}), "compresses"),
        (content(b"half", **{"Content-Length": "100"}), "return an image"),
        (content(b"zz\r\n", **{"Content-Length": "", "Transfer-Encoding": "chunked"}), "return an image"),
        (content(b"x", **{"Content-Length": "9" * 5000}), "return an image"),
        (lambda handler: handler.wfile.write(b"nonsense\r\n\r\n") and None, "return an image"),
        (lambda _handler: None, "return an image"),
    ],
)
def test_what_did_not_come_is_reported_in_plain_words(
    tmp_path: Path, answer: Callable[[BaseHTTPRequestHandler], None], words: str
) -> None:
    with receiver(answer) as host:
        error = refusal(host.url(), tmp_path)

    assert isinstance(error, FetchFailed)
    assert words in error.detail
    assert "secret" not in error.detail


def test_a_server_that_is_not_there_or_has_no_address(tmp_path: Path) -> None:
    def resolve(_name: str, _port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    assert isinstance(refusal(f"http://127.0.0.1:{free_port()}/", tmp_path), FetchFailed)
    assert isinstance(refusal("http://nowhere.example/", tmp_path, resolve=resolve), FetchFailed)


def test_only_so_many_are_fetched_at_a_time(tmp_path: Path) -> None:
    fetcher = ImageFetcher(LOOPBACK, 1)
    refused: list[UpscalerError] = []

    with receiver(content(IMAGE)) as host:

        def answer(handler: BaseHTTPRequestHandler) -> None:
            with pytest.raises(ServiceUnavailable) as raised, fetcher.fetched(host.url(), tmp_path, LIMIT):
                pass
            refused.append(raised.value)
            content(IMAGE)(handler)

        host.answer = answer
        for _ in range(2):
            with fetcher.fetched(host.url(), tmp_path, LIMIT) as incoming:
                assert incoming.path.read_bytes() == IMAGE

    assert len(refused) == 2

"""Requests to real HTTP servers on loopback, which the policy of these tests allows."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_network
from typing import Any

import pytest

from tests.support.authority import Authority
from tests.support.receiver import content, receiver
from tests.support.service import free_port
from upscaler.services.outbound.addresses import AddressPolicy
from upscaler.services.outbound.connection import (
    AddressRefusedError,
    RequestFailedError,
    exchange,
    system_addresses,
)
from upscaler.services.outbound.urls import parse

LOOPBACK = AddressPolicy((ip_network("127.0.0.1/32"),))


def request(address: str, policy: AddressPolicy = LOOPBACK, **options: Any) -> tuple[int, bytes]:
    """Send a request; return status and body of the response."""
    usual = {
        "headers": {"X-Sent": "a"},
        "body": b"hello",
        "resolve": system_addresses,
        "timeout_seconds": 15.0,
    }
    with exchange("POST", parse(address), policy, **{**usual, **options}) as response:
        return response.status, response.read()


def failure(address: str, policy: AddressPolicy = LOOPBACK, **options: Any) -> str:
    """Send a request that fails; return the reason."""
    with pytest.raises(RequestFailedError) as raised:
        request(address, policy, **options)
    return str(raised.value)


def resolver(*answers: list[str]) -> tuple[Callable[[str, int], list[str]], list[str]]:
    """Return a resolver that gives each answer once and the last one for ever, and the names it was asked for."""
    asked: list[str] = []

    def resolve(name: str, _port: int) -> list[str]:
        asked.append(name)
        return answers[min(len(asked), len(answers)) - 1]

    return resolve, asked


@pytest.mark.parametrize("code", [200, 302, 404, 500])
def test_the_request_arrives_and_any_status_is_a_response(code: int) -> None:
    with receiver(content(b"the body", code, Location="http://127.0.0.1:1/")) as host:
        answer = request(host.url("localhost"), resolve=lambda *_: ["127.0.0.1"])

    assert answer == (code, b"the body")
    [received] = host.requests
    assert (received.path, received.body) == ("/hook?a=b", b"hello")
    assert received.headers["x-sent"] == "a"
    assert received.headers["host"] == f"localhost:{host.port}"


def test_where_no_address_may_be_reached_nothing_is_sent() -> None:
    with receiver() as host, pytest.raises(AddressRefusedError):
        request(host.url(), AddressPolicy())

    assert host.requests == []


def test_a_name_server_that_changes_its_answer_gains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's own resolver first gives an allowed address, and ever after one that is not."""
    answers: list[str] = []

    def getaddrinfo(_host: object, port: int, *_: object, **__: object) -> list[Any]:
        answers.append("127.0.0.1" if not answers else "127.0.0.2")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers[-1], port))]

    with receiver() as allowed, receiver(host="127.0.0.2") as forbidden:
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        request(f"http://hooks.example:{allowed.port}/")
        with pytest.raises(AddressRefusedError):
            request(f"http://hooks.example:{forbidden.port}/")

    # One look-up for each request: none between the check and the connection.
    assert answers == ["127.0.0.1", "127.0.0.2"]
    assert [received.headers["host"] for received in allowed.requests] == [f"hooks.example:{allowed.port}"]
    assert forbidden.requests == []


def test_of_several_addresses_only_an_allowed_one_is_called() -> None:
    resolve, asked = resolver(["127.0.0.2", "127.0.0.1"])
    with receiver(host="127.0.0.1") as allowed:
        assert request(allowed.url("hooks.example"), resolve=resolve)[0] == 200

    assert asked == ["hooks.example"]


def test_the_next_address_is_called_when_the_first_does_not_answer() -> None:
    resolve, _ = resolver(["127.0.0.3", "127.0.0.1"])
    with receiver() as found:
        answer = request(
            found.url("hooks.example"), AddressPolicy((ip_network("127.0.0.0/8"),)), resolve=resolve
        )

    assert answer[0] == 200


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as proxy, receiver() as found:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert request(found.url())[0] == 200

    assert proxy.requests == []
    assert len(found.requests) == 1


def test_over_tls_the_name_is_asked_for_and_checked(authority: Authority) -> None:
    asked_for: list[str | None] = []
    context = authority.server("hooks.example")
    context.sni_callback = lambda _socket, name, _context: asked_for.append(name)
    resolve, _ = resolver(["127.0.0.1"])

    with receiver(tls=context) as found:
        right = request(found.url("hooks.example"), resolve=resolve, tls=authority.client())
        other_name = failure(found.url("other.example"), resolve=resolve, tls=authority.client())
        unknown_authority = failure(found.url("hooks.example"), resolve=resolve)

    assert right[0] == 200
    assert found.requests[0].headers["host"] == f"hooks.example:{found.port}"
    assert asked_for[:2] == ["hooks.example", "other.example"]
    assert "certificate verify failed" in other_name
    assert "certificate verify failed" in unknown_authority
    assert len(found.requests) == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_accepts_and_says_nothing_is_left(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        reason = failure(f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/", timeout_seconds=1.0)

    assert reason == "no complete answer within 1 s"
    assert time.monotonic() - started < 8


def test_a_body_that_drips_is_cut_off() -> None:
    with receiver() as host:

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.send_header("Content-Length", "1000")
            handler.end_headers()
            while not host.released.wait(0.1):
                handler.wfile.write(b"x")

        host.answer = answer
        started = time.monotonic()
        reason = failure(host.url(), timeout_seconds=1.0)

    assert reason == "no complete answer within 1 s"
    assert time.monotonic() - started < 8


def test_a_name_server_that_does_not_answer_is_left() -> None:
    released = threading.Event()

    def resolve(_name: str, _port: int) -> list[str]:
        released.wait(30)
        return []

    started = time.monotonic()
    reason = failure("http://slow.example/", resolve=resolve, timeout_seconds=0.5)
    released.set()

    assert reason == "the name was not found in time"
    assert time.monotonic() - started < 8


@pytest.mark.parametrize(
    "error",
    [
        socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
        UnicodeError("label empty or too long"),
    ],
)
def test_a_name_that_does_not_exist_is_a_failure_with_the_reason(error: Exception) -> None:
    def resolve(_name: str, _port: int) -> list[str]:
        raise error

    assert failure("http://nowhere.example/", resolve=resolve) == f"the name was not found ({error})"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(b"", "without response"), (b"nonsense\r\n\r\n", "nonsense"), (b"HTTP/1.1 abc\r\n\r\n", "abc")],
)
def test_what_is_no_http_is_a_failure_with_the_reason(answer: bytes, reason: str) -> None:
    with receiver(lambda handler: handler.wfile.write(answer) and None) as host:
        assert reason in failure(host.url())


def test_a_port_on_which_nobody_listens_is_a_failure_with_the_reason() -> None:
    assert "refused" in failure(f"http://127.0.0.1:{free_port()}/")


def test_no_thread_stays_behind() -> None:
    before = set(threading.enumerate())

    with receiver() as host:
        serving = set(threading.enumerate())
        request(host.url(), resolve=lambda *_: ["127.0.0.1"])
        deadline = time.monotonic() + 10
        while (more := set(threading.enumerate()) - serving) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert more == set(), "neither the look-up nor the timer"

    assert set(threading.enumerate()) <= before


def test_the_system_knows_each_address_once() -> None:
    found = system_addresses("localhost", 80)

    assert "127.0.0.1" in found
    assert len(found) == len(set(found))

"""Webhooks to real HTTP servers on loopback, which the policy of these tests allows: addresses and connections."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import pytest

from tests.support.receiver import receiver
from tests.unit.services.notifications.conftest import Authority, channel
from upscaler.services.notifications.message import Message
from upscaler.services.notifications.outcome import Outcome, Verdict
from upscaler.services.outbound.addresses import AddressPolicy

NewLetter = Callable[..., Message]


def resolver(*answers: list[str]) -> tuple[Callable[[str, int], list[str]], list[str]]:
    """Return a resolver that gives each answer once and the last one for ever, and the names it was asked for."""
    asked: list[str] = []

    def resolve(name: str, _port: int) -> list[str]:
        asked.append(name)
        return answers[min(len(asked), len(answers)) - 1]

    return resolve, asked


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:{}/",
        "http://localhost:{}/",
        "http://127.1:{}/",
        "http://0x7f000001:{}/",
        "http://[::1]:{}/",
    ],
)
def test_nothing_is_sent_to_this_machine_unless_it_is_allowed(letter: NewLetter, target: str) -> None:
    with receiver() as found:
        outcome = channel(AddressPolicy()).deliver(letter(target.format(found.port)))

    assert outcome.verdict is Verdict.FAILED
    assert found.requests == []


def test_a_name_server_that_changes_its_answer_gains_nothing(
    letter: NewLetter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system's own resolver first tells an allowed address, and ever after one that is not."""
    answers: list[str] = []

    def getaddrinfo(_host: object, port: int, *_: object, **__: object) -> list[Any]:
        answers.append("127.0.0.1" if not answers else "127.0.0.2")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers[-1], port))]

    with receiver() as allowed, receiver(host="127.0.0.2") as forbidden:
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        first = channel().deliver(letter(f"http://hooks.example:{allowed.port}/"))
        second = channel().deliver(letter(f"http://hooks.example:{forbidden.port}/"))

    assert first.verdict is Verdict.DELIVERED
    assert second.verdict is Verdict.FAILED
    # One look-up for each attempt: none between the check and the connection.
    assert answers == ["127.0.0.1", "127.0.0.2"]
    assert len(allowed.requests) == 1
    assert allowed.requests[0].headers["host"] == f"hooks.example:{allowed.port}"
    assert forbidden.requests == []


def test_of_several_addresses_only_an_allowed_one_is_called(letter: NewLetter) -> None:
    resolve, asked = resolver(["127.0.0.2", "127.0.0.1"])
    with receiver() as allowed:
        outcome = channel(resolve=resolve).deliver(letter(allowed.url("hooks.example")))

    assert outcome.verdict is Verdict.DELIVERED
    assert asked == ["hooks.example"]


def test_the_next_address_is_tried_when_the_first_does_not_answer(letter: NewLetter) -> None:
    resolve, _ = resolver(["127.0.0.3", "127.0.0.1"])
    with receiver() as found:
        policy = AddressPolicy((ip_network("127.0.0.0/8"),))
        outcome = channel(policy, resolve=resolve).deliver(letter(found.url("hooks.example")))

    assert outcome.verdict is Verdict.DELIVERED


def test_proxies_of_the_environment_are_not_used(letter: NewLetter, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as proxy, receiver() as found:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        outcome = channel().deliver(letter(found.url()))

    assert outcome.verdict is Verdict.DELIVERED
    assert proxy.requests == []
    assert len(found.requests) == 1


def test_over_tls_the_name_is_asked_for_and_checked(letter: NewLetter, authority: Authority) -> None:
    asked_for: list[str | None] = []
    context = authority.server("hooks.example")
    context.sni_callback = lambda _socket, name, _context: asked_for.append(name)
    resolve, _ = resolver(["127.0.0.1"])

    with receiver(tls=context) as found:
        trusting = channel(resolve=resolve, tls=authority.client())
        outcome = trusting.deliver(letter(found.url("hooks.example")))
        other_name = trusting.deliver(letter(found.url("other.example")))
        unknown_authority = channel(resolve=resolve).deliver(letter(found.url("hooks.example")))

    assert outcome == Outcome(Verdict.DELIVERED, 200)
    assert found.requests[0].headers["host"] == f"hooks.example:{found.port}"
    assert asked_for[:2] == ["hooks.example", "other.example"]
    assert "certificate verify failed" in other_name.detail
    assert "certificate verify failed" in unknown_authority.detail
    assert len(found.requests) == 1


def test_a_handshake_that_never_ends_is_left(letter: NewLetter) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        started = time.monotonic()
        outcome = channel(timeout_seconds=1.0).deliver(letter(f"https://127.0.0.1:{port}/"))

    assert outcome == Outcome(Verdict.RETRY, detail="no complete answer within 1 s")
    assert time.monotonic() - started < 8

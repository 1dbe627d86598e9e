"""Webhooks to real HTTP servers on loopback, which the policy of these tests allows."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from standardwebhooks import Webhook

from config import ROOT
from tests.support.receiver import receiver, status
from tests.support.service import free_port
from tests.unit.services.notifications.conftest import EVENT, SECRET, channel
from upscaler.services.notifications.message import Message
from upscaler.services.notifications.outcome import Outcome, Verdict
from upscaler.services.notifications.webhook import READ_BYTES
from upscaler.services.outbound.addresses import AddressPolicy

NewMessage = Callable[..., Message]


def test_the_message_arrives_signed_and_complete(new_message: NewMessage) -> None:
    with receiver() as found:
        outcome = channel().deliver(new_message(found.url()))

    assert outcome == Outcome(Verdict.DELIVERED, 200)
    [request] = found.requests
    assert request.path == "/hook?a=b"
    assert request.headers["host"] == f"127.0.0.1:{found.port}"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"].startswith("ImageUpscalerPro/")
    assert request.headers["webhook-id"] == "msg_1"
    message = Webhook(SECRET).verify(request.body, request.headers)
    assert message["type"] == "job.completed"
    assert message["timestamp"] == EVENT["timestamp"]
    assert message["data"]["job_id"] == "job_1"
    assert message["data"]["result_file"].startswith("https://images.example.org/files/")
    assert message["data"]["job_url"] == "https://images.example.org/jobs/job_1"


def test_the_example_in_the_documentation_verifies_it(new_message: NewMessage) -> None:
    example = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "webhooks.md").read_text(), re.DOTALL)
    assert example is not None
    names: dict[str, Any] = {}
    exec(example[1], names)  # noqa: S102 - our own documentation
    with receiver() as found:
        channel().deliver(new_message(found.url()))
    [request] = found.requests

    assert names["verify"](request.body, request.headers, SECRET) == json.loads(request.body)
    with pytest.raises(ValueError, match="no signature matches"):
        names["verify"](request.body + b" ", request.headers, SECRET)
    with pytest.raises(ValueError, match="too old"):
        names["verify"](request.body, {**request.headers, "webhook-timestamp": "1000"}, SECRET)


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        (200, Verdict.DELIVERED),
        (202, Verdict.DELIVERED),
        (204, Verdict.DELIVERED),
        (299, Verdict.DELIVERED),
        (300, Verdict.RETRY),
        (400, Verdict.RETRY),
        (404, Verdict.RETRY),
        (410, Verdict.GONE),
        (429, Verdict.RETRY),
        (500, Verdict.RETRY),
        (503, Verdict.RETRY),
    ],
)
def test_the_status_decides(new_message: NewMessage, code: int, verdict: Verdict) -> None:
    with receiver(status(code)) as found:
        outcome = channel().deliver(new_message(found.url()))

    assert (outcome.verdict, outcome.status) == (verdict, code)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(new_message: NewMessage, code: int) -> None:
    with receiver() as elsewhere, receiver(status(code, Location=elsewhere.url())) as found:
        outcome = channel().deliver(new_message(found.url()))

    assert (outcome.verdict, outcome.status) == (Verdict.RETRY, code)
    assert len(found.requests) == 1
    assert elsewhere.requests == []


def test_what_the_receiver_says_is_kept_in_short_and_printable(new_message: NewMessage) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(500)
        handler.end_headers()
        handler.wfile.write(b"no\x00 \x1b[31mroom\n\xff" + b"x" * 100_000)

    with receiver(answer) as found:
        outcome = channel().deliver(new_message(found.url()))

    assert outcome.detail.startswith("no   [31mroom \N{REPLACEMENT CHARACTER}xx")
    assert outcome.detail.isprintable()
    assert len(outcome.detail) <= 300


@pytest.mark.parametrize("headers", [{}, {"Transfer-Encoding": "chunked"}, {"Content-Encoding": "gzip"}])
def test_of_an_endless_body_only_the_beginning_is_read(
    new_message: NewMessage, headers: dict[str, str]
) -> None:
    sent = 0

    def answer(handler: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        handler.protocol_version = "HTTP/1.1"
        handler.send_response(200)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        block = b"400\r\n" + b"x" * 1024 + b"\r\n" if "Transfer-Encoding" in headers else b"x" * 1024
        while True:
            handler.wfile.write(block)
            sent += len(block)

    with receiver(answer) as found:
        started = time.monotonic()
        outcome = channel().deliver(new_message(found.url()))

    assert outcome.verdict is Verdict.DELIVERED
    assert time.monotonic() - started < 10
    # Far more than is read fits into the buffers of the system, but it is not endless.
    assert READ_BYTES <= sent < 50_000_000


@pytest.mark.parametrize("manner", ["silent", "dripping headers", "dripping status"])
def test_a_receiver_that_takes_too_long_is_left(new_message: NewMessage, manner: str) -> None:
    with receiver() as found:

        def answer(handler: BaseHTTPRequestHandler) -> None:
            if manner == "dripping headers":
                handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while not found.released.wait(0.1):
                if manner != "silent":
                    handler.wfile.write(b"X-A: b\r\n" if manner == "dripping headers" else b"H")

        found.answer = answer
        started = time.monotonic()
        outcome = channel(timeout_seconds=1.0).deliver(new_message(found.url()))
        took = time.monotonic() - started

    assert outcome == Outcome(Verdict.RETRY, detail="no complete answer within 1 s")
    assert 0.9 < took < 8


def test_a_body_that_drips_does_not_undo_a_success(new_message: NewMessage) -> None:
    with receiver() as found:

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.end_headers()
            while not found.released.wait(0.1):
                handler.wfile.write(b"x")

        found.answer = answer
        # The time for one attempt includes its start, which takes a busy machine more than a second.
        outcome = channel(timeout_seconds=5.0).deliver(new_message(found.url()))

    assert outcome == Outcome(Verdict.DELIVERED, 200)


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n"])
def test_an_answer_that_is_none_leads_to_another_attempt(new_message: NewMessage, answer: bytes) -> None:
    with receiver(lambda handler: handler.wfile.write(answer) and None) as found:
        outcome = channel().deliver(new_message(found.url()))

    assert (outcome.verdict, outcome.status) == (Verdict.RETRY, None)
    assert outcome.detail


def test_a_receiver_that_is_not_there_leads_to_another_attempt(new_message: NewMessage) -> None:
    outcome = channel().deliver(new_message(f"http://127.0.0.1:{free_port()}/"))

    assert outcome.verdict is Verdict.RETRY
    assert "refused" in outcome.detail


def test_a_name_that_does_not_exist_leads_to_another_attempt(new_message: NewMessage) -> None:
    def resolve(_name: str, _port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    outcome = channel(resolve=resolve).deliver(new_message("http://nowhere.example/"))

    assert outcome.verdict is Verdict.RETRY
    assert "Name or service not known" in outcome.detail


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
def test_nothing_is_sent_to_this_machine_unless_it_is_allowed(new_message: NewMessage, target: str) -> None:
    with receiver() as found:
        outcome = channel(AddressPolicy()).deliver(new_message(target.format(found.port)))

    assert outcome.verdict is Verdict.FAILED
    assert found.requests == []

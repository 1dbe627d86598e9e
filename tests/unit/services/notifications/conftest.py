"""Messages to send, and certificates of an authority of our own."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any

import pytest
import trustme

from upscaler.services.notifications.message import Message

EVENT = {
    "type": "job.completed",
    "timestamp": "2025-12-07T12:35:20Z",
    "data": {"job_id": "job_1", "status": "completed", "params": {"factor": "2x"}, "error": None},
}


@pytest.fixture
def letter() -> Callable[..., Message]:
    """Return a function that makes a message."""

    def build(target: str, **values: Any) -> Message:
        usual = {
            "delivery_id": "msg_1",
            "payload": EVENT,
            "language": "en",
            "error": None,
            "result_url": "https://images.example.org/files/results/a.png?signature=x",
            "page_url": "https://images.example.org/jobs/job_1",
        }
        return Message(target=target, **{**usual, **values})

    return build


class Authority:
    """A certificate authority that only its own clients trust."""

    def __init__(self) -> None:
        self._ca = trustme.CA()

    def server(self, name: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert(name).configure_cert(context)
        return context

    def client(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        self._ca.configure_trust(context)
        return context


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()

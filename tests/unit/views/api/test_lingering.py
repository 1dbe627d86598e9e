from __future__ import annotations

import io

import pytest
from flask import Flask, Response

from upscaler.views.api import lingering
from upscaler.views.api.lingering import LINGER_BYTES, linger


@pytest.mark.parametrize(
    ("method", "status", "read"), [("POST", 413, 100_000), ("POST", 202, 0), ("GET", 404, 0)]
)
def test_what_a_refused_client_still_sends_is_read(method: str, status: int, read: int) -> None:
    stream = io.BytesIO(b"x" * 100_000)
    with Flask("upscaler").test_request_context(method=method, environ_overrides={"wsgi.input": stream}):
        linger(Response(status=status)).close()

    assert stream.tell() == read


def test_no_more_is_read_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lingering, "LINGER_BYTES", 1000)
    stream = io.BytesIO(b"x" * 5000)
    with Flask("upscaler").test_request_context(method="POST", environ_overrides={"wsgi.input": stream}):
        linger(Response(status=413)).close()

    assert stream.tell() == 1000 < LINGER_BYTES


def test_a_client_that_is_gone_is_no_error() -> None:
    class Gone(io.BytesIO):
        def read(self, *_: object) -> bytes:
            raise ConnectionResetError

    with Flask("upscaler").test_request_context(method="POST", environ_overrides={"wsgi.input": Gone()}):
        linger(Response(status=413)).close()

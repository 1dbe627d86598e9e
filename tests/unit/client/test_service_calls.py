from __future__ import annotations

import pytest

from tests.support.scripted import says
from upscaler.client import Client


@pytest.mark.parametrize(
    ("call", "path", "answer", "expected"),
    [
        (Client.models, "/models", {"items": [{"id": "x"}]}, [{"id": "x"}]),
        (Client.presets, "/presets", {"items": [{"id": "photo"}]}, [{"id": "photo"}]),
        (Client.me, "/me", {"username": "anna"}, {"username": "anna"}),
        (Client.health, "/health", {"status": "ok"}, {"status": "ok"}),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_each_call_returns_what_the_service_answers(script, call, path, answer, expected):
    server = script(says(200, answer))
    with Client(server.url, "key") as client:
        assert call(client) == expected
    [request] = server.requests
    assert (request.method, request.path) == ("GET", f"/api/v1{path}")


def test_a_quote_sends_the_size_and_the_choices(script):
    server = script(says(200, {"seconds": 3}))
    with Client(server.url) as client:
        assert client.quote(640, 480, factor="4x", refine_faces=False, model=None) == {"seconds": 3}
    [request] = server.requests
    assert request.path == "/api/v1/quote?width=640&height=480&factor=4x&refine_faces=false"

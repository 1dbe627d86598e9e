from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from tests.support.socket_server import serving
from upscaler.server.serving import Server


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def connect(server: Server) -> Iterator[Callable[..., socket.socket]]:
    opened: list[socket.socket] = []

    def connected(source: str = "127.0.0.1") -> socket.socket:
        client = socket.create_connection(
            ("127.0.0.1", int(server.effective_port)), timeout=20, source_address=(source, 0)
        )
        opened.append(client)
        return client

    yield connected
    for client in opened:
        client.close()

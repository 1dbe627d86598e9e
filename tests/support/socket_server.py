"""A server of its own for a test, and clients that speak HTTP byte by byte."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from upscaler.server.limits import Limits
from upscaler.server.serving import Server

SHORT = Limits(
    header_seconds=1.0,
    idle_seconds=2.0,
    pace_seconds=1.0,
    least_rate=1000.0,
    drain_seconds=2.0,
    connections=50,
    per_address=20,
    buffered_bytes=100_000,
    stop_seconds=3.0,
)
MOST_BODY = 50_000
LARGE = 30_000_000


def application(environ, start_response):
    """Answer with the length of the body, or as the path says."""
    path = environ["PATH_INFO"]
    refused = environ.get("upscaler.body_refused", "")
    body = environ["wsgi.input"].read()
    if path == "/late":
        time.sleep(0.5)
    if path == "/file":
        start_response("200 OK", [("Content-Length", str(LARGE))])
        return environ["wsgi.file_wrapper"](io.BytesIO(b"x" * LARGE))
    answer = b"x" * LARGE if path == "/large" else f"{len(body)} {refused}".encode()
    status = "413 Too Large" if refused else "200 OK"
    start_response(status, [("Content-Length", str(len(answer)))])
    # In pieces, as files come.
    return (answer[at : at + 65536] for at in range(0, len(answer), 65536))


@contextmanager
def serving(limits: Limits = SHORT, threads: int = 2) -> Iterator[Server]:
    server = Server(application, "127.0.0.1", 0, threads, limits, lambda _method, _path: MOST_BODY)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(timeout=30)
        assert not thread.is_alive()


def answer(client: socket.socket) -> tuple[int, bytes]:
    """Return status and body of one response."""
    file = client.makefile("rb")
    status = int(file.readline().split()[1])
    length = 0
    while (line := file.readline().strip().lower()) != b"":
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    return status, file.read(length)


def seconds_until_closed(client: socket.socket) -> float:
    begun = time.monotonic()
    try:
        while client.recv(1 << 20):
            pass
    except ConnectionResetError:
        pass
    return time.monotonic() - begun


def get(path: str = "/") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()


def post(length: int) -> bytes:
    return f"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n".encode()

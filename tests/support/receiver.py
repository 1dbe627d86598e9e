"""A real HTTP server on loopback with responses that a test sets: a receiver of webhooks, a host of images."""

from __future__ import annotations

import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Records the requests; ``answer`` writes the response."""

    answer: Callable[[BaseHTTPRequestHandler], None]
    requests: list[Received] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    host: str = "127.0.0.1"
    port: int = 0
    scheme: str = "http"

    def url(self, name: str = "") -> str:
        """Return the address of the receiver, under another name if there is one."""
        return f"{self.scheme}://{name or self.host}:{self.port}/hook?a=b"


def status(code: int, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """Answer with a status and headers."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def content(body: bytes, code: int = 200, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """Respond with a body, and with its length unless ``headers`` say otherwise."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            if value:
                handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@contextmanager
def receiver(
    answer: Callable[[BaseHTTPRequestHandler], None] | None = None,
    host: str = "127.0.0.1",
    tls: ssl.SSLContext | None = None,
) -> Iterator[Receiver]:
    """Run a receiver on a free port."""
    found = Receiver(answer or status(200), host=host, scheme="https" if tls else "http")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.requests.append(Received(self.path, headers, body))
            found.arrived.set()
            try:
                found.answer(self)
            except OSError:
                # The client has hung up, as it should on a receiver that never ends.
                self.close_connection = True

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        def server_bind(self) -> None:
            # The library's own would look up the name of the address, which may take seconds.
            socketserver.TCPServer.server_bind(self)

        def handle_error(self, *_: object) -> None:
            """Say nothing: a client that refuses a certificate hangs up, and that is the test."""

    with Server((host, 0), Handler) as server:
        if tls:
            # Each connection shakes hands in its own thread, not in the one that accepts.
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        found.port = int(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield found
        finally:
            found.released.set()
            server.shutdown()
            thread.join()

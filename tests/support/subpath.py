"""A real reverse proxy that serves a service under a path of its host, as nginx, Caddy or Traefik do."""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support.service import free_port

PREFIX = "/upscaler"
_BLOCK_BYTES = 1 << 16
# Of a connection, not of a message: a proxy does not pass them on.
_OWN = {"connection", "keep-alive", "transfer-encoding", "host"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    target_port: int

    def _pass_on(self) -> None:
        if not f"{self.path.partition('?')[0]}/".startswith(f"{PREFIX}/"):
            self._answer(404, b"another application of this host")
            return
        path = self.path.removeprefix(PREFIX) or "/"
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _OWN}
        headers |= {
            "Host": f"127.0.0.1:{self.target_port}",
            "X-Forwarded-For": self.client_address[0],
            "X-Forwarded-Proto": "http",
            "X-Forwarded-Host": self.headers["Host"],
            "X-Forwarded-Prefix": PREFIX,
        }
        behind = http.client.HTTPConnection("127.0.0.1", self.target_port, timeout=120)
        try:
            behind.request(self.command, path, self.rfile.read(length) if length else None, headers)
            answer = behind.getresponse()
            body = answer.read()
            kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _OWN]
            # A browser that left the page does not wait for an answer.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self._answer(answer.status, body, kept)
        finally:
            behind.close()

    do_GET = do_HEAD = do_POST = do_PATCH = do_DELETE = _pass_on  # noqa: N815 - the names are http.server's

    def _answer(self, status: int, body: bytes, headers: list[tuple[str, str]] | None = None) -> None:
        self.send_response_only(status)
        sized = False
        for name, value in headers or []:
            sized = sized or name.lower() == "content-length"
            self.send_header(name, value)
        if not sized and status not in {204, 304}:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def below_a_path(target_port: int) -> Iterator[str]:
    """Serve what listens on ``target_port`` below ``PREFIX`` and nothing else; give the URL of the proxy's host."""
    port = free_port()
    handler = type("Handler", (_Handler,), {"target_port": target_port})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    thread = threading.Thread(target=server.serve_forever, name=f"subpath-{port}", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

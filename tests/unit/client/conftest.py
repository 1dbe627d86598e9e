from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.support.scripted import Answer, Request, ScriptedServer


@pytest.fixture
def script() -> Iterator[Callable[..., ScriptedServer]]:
    """Return a starter of servers that give the named answers."""
    running: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def start(*answers: Answer) -> ScriptedServer:
        found = ScriptedServer("", list(answers))

        class Handler(BaseHTTPRequestHandler):
            def respond(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if self.headers.get("Transfer-Encoding") == "chunked":
                    while size := int(self.rfile.readline(), 16):
                        body += self.rfile.read(size + 2)[:-2]
                    self.rfile.readline()
                found.requests.append(Request(self.command, self.path, dict(self.headers), body))
                found.answers.pop(0)(self)

            def do_GET(self) -> None:
                self.respond()

            def do_POST(self) -> None:
                self.respond()

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        running.append((server, thread))
        found.url = f"http://127.0.0.1:{server.server_port}"
        return found

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Note the pauses of the client instead of making them."""
    noted: list[float] = []
    monkeypatch.setattr(time, "sleep", noted.append)
    return noted

"""Clients that are slow, silent or do not read: sockets that hold a server up without doing anything else."""

from __future__ import annotations

import contextlib
import itertools
import selectors
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

# Loopback addresses that the clients come from.
ADDRESSES = tuple(f"127.0.0.{number}" for number in range(30, 50))
_PAUSE_SECONDS = 5.0


@dataclass
class SlowClients:
    """Connections to one server, from ``ADDRESSES`` in turn.

    Attributes:
        url: of the server.
        closed: how many the server has closed.
    """

    url: str
    closed: int = 0
    _sockets: list[tuple[socket.socket, Iterator[bytes]]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _addresses: Iterator[str] = field(default_factory=lambda: itertools.cycle(ADDRESSES))

    @property
    def count(self) -> int:
        """How many are connected."""
        return len(self._sockets) - self.closed

    def idle(self, count: int) -> None:
        """Connect and say nothing."""
        self._add(count, b"", b"")

    def slow_headers(self, count: int) -> None:
        """Send a byte of a header every few seconds."""
        self._add(count, b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ", b"a")

    def slow_bodies(self, count: int, path: str) -> None:
        """Send a byte of an upload every few seconds."""
        head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n"
        kind = "Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n"
        self._add(count, (head + kind).encode(), b"a")

    def deaf(self, count: int, path: str) -> None:
        """Ask for a download and read nothing of it."""
        self._add(count, f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode(), b"")

    def asking(self, count: int, request: bytes) -> None:
        """Send a whole request that is answered late."""
        self._add(count, request, b"")

    def _add(self, count: int, first: bytes, again: bytes) -> None:
        parts = urlsplit(self.url)
        for _ in range(count):
            # A small buffer, as of a client far away.
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.bind((next(self._addresses), 0))
            client.connect((parts.hostname, parts.port))
            client.sendall(first)
            self._sockets.append((client, itertools.repeat(again)))

    def _go_on(self) -> None:
        while not self._stop.wait(_PAUSE_SECONDS):
            for client, more in self._sockets:
                data = next(more)
                if data:
                    with contextlib.suppress(OSError):
                        client.send(data, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)

    @contextlib.contextmanager
    def going_on(self) -> Iterator[None]:
        """Let them go on for the block, and close them after it."""
        thread = threading.Thread(target=self._go_on, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()
            for client, _ in self._sockets:
                client.close()

    def wait_until_closed(self, seconds: float) -> int:
        """Return how many the server has not closed after at most so many seconds."""
        with selectors.DefaultSelector() as selector:
            for client, _ in self._sockets:
                client.setblocking(False)
                selector.register(client, selectors.EVENT_READ)
            deadline = time.monotonic() + seconds
            while selector.get_map() and (left := deadline - time.monotonic()) > 0:
                for key, _ in selector.select(min(left, 1.0)):
                    sock = key.fileobj
                    assert isinstance(sock, socket.socket)
                    if _is_closed(sock):
                        selector.unregister(sock)
            return len(selector.get_map())


def _is_closed(client: socket.socket) -> bool:
    try:
        return client.recv(65536) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def percentile(seconds: Sequence[float], share: float) -> float:
    """Return a percentile of times, such as that of the share 0.95."""
    return sorted(seconds)[min(len(seconds) - 1, int(len(seconds) * share))]

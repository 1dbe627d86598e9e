"""A connection: requests come in and responses go out in the event loop, in time or not at all."""

from __future__ import annotations

import contextlib
import socket
import time
from functools import partial
from typing import Any, Protocol

from waitress.channel import HTTPChannel

from upscaler.server.limits import Limits, Pace, group_of
from upscaler.server.requests import Request, Rules, Task

# Bytes that are read and handed to a socket in one piece, and those that one connection sends before the others.
_PIECE_BYTES = 1 << 17
_BYTES_AT_ONCE = 1 << 20


class Host(Rules, Protocol):
    """What a connection asks of its server."""

    limits: Limits
    active_channels: dict[int, Any]

    def count(self, group: str, change: int) -> None:
        """Count a connection that was opened (1) or closed (-1)."""


class Connection(HTTPChannel):
    """One connection; arguments as of waitress's channel.

    Attributes:
        group: what it is counted by; see ``limits.group_of``.
        active_at: when the last bytes came or went, in the time of ``time.monotonic``.

    """

    task_class = Task
    request: Request | None
    close_when_flushed: bool
    will_close: bool
    sendbuf_len: int

    def __init__(self, server: Host, sock: socket.socket, addr: Any, adj: Any, map: Any = None) -> None:  # noqa: A002 - waitress's name for it
        self.group = group_of(str(addr[0]))
        self.active_at = time.monotonic()
        self._limits = server.limits
        self._has_had_request = False
        self._receiving, self._sending = Pace(server.limits), Pace(server.limits)
        self._sent = 0
        self._may_send = _BYTES_AT_ONCE
        self._was_refused = False
        # Until when the rest of a refused body is received and ignored; None while it is not.
        self._drain_until: float | None = None
        self._drained = 0
        super().__init__(server, sock, addr, adj, map)
        self.parser_class = partial(Request, rules=server)
        # Larger pieces would be read from the file again and again, as few of their bytes fit into the socket.
        self.sendbuf_len = min(self.sendbuf_len, _PIECE_BYTES)

    @property
    def is_waiting(self) -> bool:
        """Whether nothing is being done for it: no response is prepared or sent."""
        return not self.requests and not self.total_outbufs_len

    def problem(self, now: float) -> str:
        """Return why it has to be closed at a time of ``time.monotonic``; nothing where it has not."""
        if self._drain_until is not None:
            return "drained" if now > self._drain_until else ""
        if self.total_outbufs_len:
            return "slow_reader" if self._sending.is_slow(self._sent, now) else ""
        self._sending.begin()
        return "" if self.requests else self._problem_of_receiving(now)

    def _problem_of_receiving(self, now: float) -> str:
        limits, request = self._limits, self.request
        if request is None or request.headers_ended is None:
            self._receiving.begin()
        if request is None:
            longest = limits.idle_seconds if self._has_had_request else limits.header_seconds
            return "idle" if now - self.active_at > longest else ""
        if request.headers_ended is None:
            return "slow_headers" if now - request.started > limits.header_seconds else ""
        return "slow_body" if self._receiving.is_slow(request.body_bytes_received, now) else ""

    def received(self, data: bytes) -> bool:
        """Take what has arrived; ignore the rest of a body that was refused."""
        self.active_at = time.monotonic()
        if self._was_refused:
            self._drained += len(data)
            if self._drained > self._limits.drain_bytes:
                self.handle_close()
            return False
        taken: bool = super().received(data)
        with self.requests_lock:
            self._has_had_request = self._has_had_request or bool(self.requests)
            self._was_refused = any(request.refused for request in self.requests)
        return taken

    def _flush_some(self, do_close: bool = True) -> bool:
        """Send what the socket takes, up to a limit: a fast reader of a large file leaves others their turn."""
        self._may_send = _BYTES_AT_ONCE
        return bool(super()._flush_some(do_close=do_close))

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Send what the socket takes."""
        if self._may_send <= 0:
            return 0
        count: int = super().send(data, do_close=do_close)
        self._may_send -= count
        if count:
            self.active_at = time.monotonic()
            self._sent += count
        return count

    def readable(self) -> bool:
        """Return whether the event loop is to read."""
        return self._drain_until is not None or bool(super().readable())

    def writable(self) -> bool:
        """Return whether the event loop is to write."""
        return self._drain_until is None and bool(super().writable())

    def handle_write(self) -> None:
        """Send; after the response to a refused body, wait for its sender to read that before closing."""
        if self._was_refused and self.close_when_flushed and not self.will_close:
            self._flush_exception(self._flush_some)
            if not self.total_outbufs_len and not self.will_close:
                self.close_when_flushed = False
                self._drain_until = time.monotonic() + self._limits.drain_seconds
                with contextlib.suppress(OSError):
                    self.socket.shutdown(socket.SHUT_WR)
            return
        super().handle_write()

    def handle_close(self) -> None:
        """Close, and give up the body that was being received."""
        request, self.request = self.request, None
        if request is not None:
            request.close()
        super().handle_close()

    def add_channel(self, map: Any = None) -> None:  # noqa: A002 - waitress's name for it
        """Count the connection."""
        super().add_channel(map)
        self.server.count(self.group, 1)

    def del_channel(self, map: Any = None) -> None:  # noqa: A002 - waitress's name for it
        """Count the connection no more."""
        was_open = self._fileno in self.server.active_channels
        super().del_channel(map)
        if was_open:
            self.server.count(self.group, -1)

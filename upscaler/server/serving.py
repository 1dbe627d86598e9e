"""The server: it accepts connections, closes those that take too much, and ends without breaking off requests."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any

import structlog
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from upscaler.server.connections import Connection
from upscaler.server.fairness import FairQueue
from upscaler.server.limits import Limits, group_of, possible_connections

log = structlog.get_logger()

# How often connections are checked, and how many are accepted before the others get their turn.
_CHECK_SECONDS = 1.0
_ACCEPTED_AT_ONCE = 64
_NEVER = 1 << 60
# Refusals of connections are logged once in so many seconds for each group.
_LOG_SECONDS = 60.0


class Server(TcpWSGIServer):
    """A server of one WSGI application.

    Args:
        application: to serve.
        host, port: to listen on.
        threads: how many requests the application handles at the same time.
        limits: on connections.
        most_body_bytes: returns the longest body for a method and a path; asked in the event loop, so it never waits.
    """

    channel_class = Connection

    def __init__(
        self,
        application: Any,
        host: str,
        port: int,
        threads: int,
        limits: Limits,
        most_body_bytes: Callable[[str, str], int],
    ) -> None:
        self.limits = limits
        self.most_body_bytes = most_body_bytes
        self._connections = possible_connections(limits.connections)
        self._counts: Counter[str] = Counter()
        self._logged_at: dict[str, float] = {}
        self._buffered = 0
        self._buffered_lock = threading.Lock()
        self._stops = False
        self._checked_at = 0.0
        listen = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        adjustments = Adjustments(
            listen=listen,
            backlog=1024,
            asyncore_use_poll=True,
            # Responses wait in memory and then on disk; no thread waits for a client that reads slowly.
            outbuf_high_watermark=_NEVER,
            # Each route has its own limit.
            max_request_body_size=_NEVER,
            max_request_header_size=32 * 1024,
            # Only TRUSTED_PROXIES says whose headers count; the application heeds it.
            clear_untrusted_proxy_headers=False,
            log_socket_errors=False,
            ident=None,
        )
        dispatcher = ThreadedTaskDispatcher()
        dispatcher.queue = FairQueue()
        dispatcher.set_thread_count(threads)
        super().__init__(application, adj=adjustments, sockinfo=adjustments.listen[0], dispatcher=dispatcher)

    def count(self, group: str, change: int) -> None:
        """Count a connection that was opened (1) or closed (-1)."""
        self._counts[group] += change
        if not self._counts[group]:
            del self._counts[group]

    def reserve(self, size: int) -> bool:
        """Take room for a body; return whether there is any. Negative numbers give it back."""
        with self._buffered_lock:
            if size > 0 and self._buffered + size > self.limits.buffered_bytes:
                return False
            self._buffered += size
            return True

    def readable(self) -> bool:
        """Return whether connections are accepted."""
        return bool(self.accepting)

    def handle_accept(self) -> None:
        """Accept the connections that wait."""
        for _ in range(_ACCEPTED_AT_ONCE):
            try:
                accepted = self.accept()
            except OSError:
                return
            if accepted is None:
                return
            self._take(*accepted)

    def _take(self, connection: Any, address: Any) -> None:
        group = group_of(str(address[0]))
        if self.limits.per_address and self._counts[group] >= self.limits.per_address:
            self._note("connection.too_many", group)
            connection.close()
            return
        if len(self.active_channels) >= self._connections and not self._make_room():
            self._note("connection.no_room", group)
            connection.close()
            return
        self.set_socket_options(connection)
        self.channel_class(self, connection, address, self.adj, map=self._map)

    def _make_room(self) -> bool:
        """Close a connection for which nothing is done, of those who have the most; return whether there was one."""
        waiting = [channel for channel in self.active_channels.values() if channel.is_waiting]
        if not waiting:
            return False
        victim = min(waiting, key=lambda channel: (-self._counts[channel.group], channel.active_at))
        self._note("connection.displaced", victim.group)
        victim.handle_close()
        return True

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT."""

        def stop(_number: int, _frame: FrameType | None) -> None:
            self.stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        self.serve()

    def serve(self) -> None:
        """Serve until ``stop``; then end the requests that are being handled, and no others begin."""
        while not self._stops:
            self._turn(1.0)
        self._end()

    def stop(self) -> None:
        """Have ``serve`` return; from any thread, or a signal handler."""
        if not self._stops:
            self._stops = True
            self.pull_trigger()

    def _turn(self, seconds: float) -> None:
        """Handle what the sockets have, waiting at most so long for that, and close what takes too much."""
        wasyncore.loop(timeout=seconds, use_poll=True, map=self._map, count=1)
        now = time.monotonic()
        if now - self._checked_at < _CHECK_SECONDS:
            return
        self._checked_at = now
        for channel in list(self.active_channels.values()):
            problem = channel.problem(now)
            if problem:
                if problem not in ("idle", "drained"):
                    self._note(f"connection.{problem}", channel.group)
                channel.handle_close()

    def _end(self) -> None:
        # The listening socket alone: the trigger is still needed.
        wasyncore.dispatcher.close(self)
        deadline = time.monotonic() + self.limits.stop_seconds
        while time.monotonic() < deadline:
            busy = [channel for channel in self.active_channels.values() if not channel.is_waiting]
            if not busy:
                break
            self._turn(0.1)
        self.task_dispatcher.shutdown(timeout=max(0.0, deadline - time.monotonic()))
        for channel in list(self.active_channels.values()):
            # More than ``close_all`` does: the files of long responses and of unfinished bodies are closed too.
            channel.handle_close()
        wasyncore.close_all(self._map, ignore_all=True)

    def _note(self, event: str, group: str) -> None:
        """Log what was done to connections of a group, now and then."""
        now = time.monotonic()
        if now - self._logged_at.get(event + group, -_LOG_SECONDS) < _LOG_SECONDS:
            return
        if len(self._logged_at) > self._connections:
            self._logged_at.clear()
        self._logged_at[event + group] = now
        log.warning(event, address=group, connections=self._counts[group])

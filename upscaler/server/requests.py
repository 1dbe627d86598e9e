"""A request as it arrives: how long its body may be is known before it is received."""

from __future__ import annotations

import time
from typing import Any, Protocol

from waitress.parser import HTTPRequestParser
from waitress.task import WSGITask

# In the environment of a request whose body was not received; the application answers with the error.
REFUSED = "upscaler.body_refused"
TOO_LARGE, BUSY = "too_large", "busy"


class Rules(Protocol):
    """What a request asks while it arrives."""

    def most_body_bytes(self, method: str, path: str) -> int:
        """Return the longest body of a route."""

    def reserve(self, size: int) -> bool:
        """Take room for a body; return whether there is any. Negative numbers give it back."""


class Request(HTTPRequestParser):
    """A request; made when its first byte arrives.

    A body that is longer than its route takes, or than there is room for, is not received: the request is complete
    with its headers, and says in ``refused`` why. Its connection is of no further use.

    Args:
        adj: settings of waitress.
        rules: how long a body may be.
    """

    body_rcv: Any
    completed: bool
    chunked: bool

    def __init__(self, adj: Any, rules: Rules) -> None:
        super().__init__(adj)
        self.started = time.monotonic()
        self.headers_ended: float | None = None
        self.refused = ""
        self._rules = rules
        self._reserved = 0
        self._most = 0

    def received(self, data: bytes) -> int:
        """Take what has arrived, and return how much of it belongs to this request."""
        taken: int = super().received(data)
        if self.chunked and not self.completed and self.body_bytes_received > self._most:
            # Its length is not known in advance.
            self.headers["CONTENT_LENGTH"] = str(self.body_bytes_received)
            self._refuse(TOO_LARGE)
        # What follows is the rest of the body, and no further request.
        return len(data) if self.refused else taken

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the headers, and decide whether the body is received."""
        super().parse_header(header_plus)
        self.headers_ended = time.monotonic()
        if self.body_rcv is not None:
            self._admit_body()

    def close(self) -> None:
        """Give up the body, and the room for it."""
        reserved, self._reserved = self._reserved, 0
        self._rules.reserve(-reserved)
        super().close()

    def _admit_body(self) -> None:
        self._most = self._rules.most_body_bytes(self.command, self.path)
        size = self._most if self.chunked else self.content_length
        if size > self._most:
            self._refuse(TOO_LARGE)
        elif not self._rules.reserve(size):
            self._refuse(BUSY)
        else:
            self._reserved = size

    def _refuse(self, reason: str) -> None:
        self.close()
        self.body_rcv = None
        self.refused, self.completed = reason, True
        self.expect_continue = False
        self.headers["CONNECTION"] = "close"


class Task(WSGITask):
    """The run of the application for a request."""

    def get_environment(self) -> dict[str, Any]:
        """Return the WSGI environment, with the reason where the body was not received."""
        environ: dict[str, Any] = super().get_environment()
        if self.request.refused:
            environ[REFUSED] = self.request.refused
        return environ

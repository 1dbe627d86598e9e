"""A moment for clients that are still sending when they are refused, to read why before the connection closes."""

from __future__ import annotations

import time
from typing import IO

from flask import Response, request

LINGER_BYTES = 8 << 20
LINGER_SECONDS = 2.0


def linger(response: Response) -> Response:
    """Let a client that is still sending read the refusal; see ``LINGER_BYTES``."""
    if request.method == "POST" and response.status_code >= 400:
        stream = request.environ["wsgi.input"]
        response.call_on_close(lambda: _drain(stream))
    return response


def _drain(stream: IO[bytes]) -> None:
    deadline = time.monotonic() + LINGER_SECONDS
    left = LINGER_BYTES
    try:
        while left > 0 and time.monotonic() < deadline:
            block = stream.read(min(left, 1 << 16))
            if not block:
                return
            left -= len(block)
    except OSError:
        # The client is gone.
        return

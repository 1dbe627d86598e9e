"""Request ids: the client's own or a new one, in the response and in every line of the log."""

from __future__ import annotations

import re
import secrets

import structlog
from flask import Flask, Response, request

REQUEST_ID = "X-Request-ID"
_KEY = "upscaler.request_id"
_ID = re.compile(r"[\w.:=+/-]{1,128}", re.ASCII)


def init_app(app: Flask) -> None:
    """Give each request an id."""
    app.before_request(_begin)
    app.after_request(_add_header)
    app.teardown_request(_end)


def _begin() -> None:
    sent = request.headers.get(REQUEST_ID, "")
    request_id = sent if _ID.fullmatch(sent) else secrets.token_hex(16)
    request.environ[_KEY] = request_id
    structlog.contextvars.bind_contextvars(request_id=request_id)


def _end(_error: BaseException | None) -> None:
    structlog.contextvars.unbind_contextvars("request_id")


def _add_header(response: Response) -> Response:
    response.headers[REQUEST_ID] = request.environ.get(_KEY, "")
    return response

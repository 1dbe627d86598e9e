"""What answers carry and how they are packed: the request's id, what is left of a limit, gzip, other sites' access."""

from __future__ import annotations

import gzip
import math
import re
import secrets
import time

import structlog
from flask import Flask, Response, request
from flask_cors import CORS

from config import Config
from upscaler.views.limiter import limiter

log = structlog.get_logger()

REQUEST_ID = "X-Request-ID"
_OURS = "upscaler.request_id"
_ID = re.compile(r"[\w.:=+/-]{1,128}", re.ASCII)

API = "/api/"
# Below this, packing makes an answer longer or the gain is nothing.
GZIP_BYTES = 1000
_PACKED = frozenset({"application/json", "application/problem+json", "text/csv", "text/html"})

_EXPOSED = (
    *("Location", "Retry-After", "ETag", "RateLimit", "RateLimit-Policy", REQUEST_ID),
    *("Idempotency-Replayed", "Preference-Applied", "WWW-Authenticate"),
)
_ALLOWED = ("Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "Prefer", REQUEST_ID)


def init_app(app: Flask, config: Config) -> None:
    """Add what comes before and after each request."""
    app.before_request(_begin)
    app.after_request(_name)
    app.after_request(_pack)
    app.after_request(_tell_limits)
    app.teardown_request(_end)
    origins = [origin.strip() for origin in config.cors_origins.split(",") if origin.strip()]
    if origins:
        # Without credentials: a page elsewhere shows a key or a token, and never uses a visitor's cookie.
        CORS(
            app,
            resources={rf"{API}.*": {"origins": origins}},
            methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=_ALLOWED,
            expose_headers=_EXPOSED,
            max_age=600,
        )


def _begin() -> None:
    """Give the request an id, the client's own where it sends one, that stands in every line of the log."""
    sent = request.headers.get(REQUEST_ID, "")
    request_id = sent if _ID.fullmatch(sent) else secrets.token_hex(16)
    request.environ[_OURS] = request_id
    structlog.contextvars.bind_contextvars(request_id=request_id)


def _end(_error: BaseException | None) -> None:
    structlog.contextvars.unbind_contextvars("request_id")


def _name(response: Response) -> Response:
    response.headers[REQUEST_ID] = request.environ.get(_OURS, "")
    return response


def _tell_limits(response: Response) -> Response:
    """Tell what is left, as the IETF's draft on RateLimit fields has it, and after a refusal how long to wait."""
    policies, states, pauses = [], [], []
    try:
        for limit in limiter.current_limits:
            # Not reset_at: it is the next whole second, which makes a window of a minute last 61 s.
            seconds = max(0, math.ceil(limit.window.reset_time - time.time()))
            name = f"{limit.limit.GRANULARITY.name}"
            policies.append(f'"{name}";q={limit.limit.amount};w={limit.limit.get_expiry()}')
            states.append(f'"{name}";r={limit.remaining};t={seconds}')
            if limit.breached:
                pauses.append(seconds)
    except Exception:  # noqa: BLE001 - whatever a storage of limits that is away raises, the answer itself is there
        log.warning("limits.unavailable")
        return response
    if policies:
        response.headers["RateLimit-Policy"] = ", ".join(policies)
        response.headers["RateLimit"] = ", ".join(states)
    if pauses and response.status_code == 429:
        response.headers["Retry-After"] = str(max(1, *pauses, 1))
    return response


def _pack(response: Response) -> Response:
    """Compress what is long. Only answers to GET: the others are short, and some hold secrets."""
    if not request.path.startswith(API) or request.method != "GET" or response.mimetype not in _PACKED:
        return response
    response.vary.add("Accept-Encoding")
    if (
        response.status_code != 200
        or response.direct_passthrough
        or not request.accept_encodings["gzip"]
        or len(response.get_data()) < GZIP_BYTES
    ):
        return response
    response.set_data(gzip.compress(response.get_data(), 6, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    return response

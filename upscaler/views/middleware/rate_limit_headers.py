"""``RateLimit`` headers, as the IETF's draft defines them, and ``Retry-After`` beyond a limit."""

from __future__ import annotations

import math
import time

import structlog
from flask import Flask, Response

from upscaler.views.limiter import limiter

log = structlog.get_logger()


def init_app(app: Flask) -> None:
    """Add the headers to each response to a limited request."""
    app.after_request(_add_headers)


def _add_headers(response: Response) -> Response:
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
    except Exception:  # noqa: BLE001 - whatever a storage of limits that is away raises, the response itself is there
        log.warning("limits.unavailable")
        return response
    if policies:
        response.headers["RateLimit-Policy"] = ", ".join(policies)
        response.headers["RateLimit"] = ", ".join(states)
    if pauses and response.status_code == 429:
        response.headers["Retry-After"] = str(max(1, *pauses, 1))
    return response

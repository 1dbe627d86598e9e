"""Request-id, trusted-host, rate-limit, gzip and CORS middleware."""

from __future__ import annotations

from flask import Flask

from config import Config
from upscaler.views.middleware import compression, cors, rate_limit_headers, request_ids, trusted_hosts


def init_app(app: Flask, config: Config) -> None:
    """Add what comes before and after each request."""
    request_ids.init_app(app)
    trusted_hosts.init_app(app, config)
    compression.init_app(app)
    rate_limit_headers.init_app(app)
    cors.init_app(app, config)

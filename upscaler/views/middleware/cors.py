"""Cross-origin requests from the sites that the operator names."""

from __future__ import annotations

from flask import Flask
from flask_cors import CORS

from config import Config
from upscaler.views.middleware.request_ids import REQUEST_ID

API = "/api/"
_EXPOSED = (
    *("Location", "Retry-After", "ETag", "RateLimit", "RateLimit-Policy", REQUEST_ID),
    *("Idempotency-Replayed", "Preference-Applied", "WWW-Authenticate"),
)
_ALLOWED = ("Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "Prefer", REQUEST_ID)


def init_app(app: Flask, config: Config) -> None:
    """Allow cross-origin requests to the API where ``CORS_ORIGINS`` names a site."""
    if not config.cors_origins:
        return
    # Without credentials: a page elsewhere shows a key or a token, and never uses a visitor's cookie.
    CORS(
        app,
        resources={rf"{API}.*": {"origins": list(config.cors_origins)}},
        methods=["GET", "POST", "PATCH", "DELETE"],
        allow_headers=_ALLOWED,
        expose_headers=_EXPOSED,
        max_age=600,
    )

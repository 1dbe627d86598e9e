"""Gzip compression of long responses of the API."""

from __future__ import annotations

import gzip

from flask import Flask, Response, request

API = "/api/"
# Below this, compression makes a response longer or gains nothing.
GZIP_BYTES = 1000
_COMPRESSED = frozenset({"application/json", "application/problem+json", "text/csv", "text/html"})


def init_app(app: Flask) -> None:
    """Compress responses for clients that accept it."""
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    """Compress a long response to GET; the others are short, and some hold secrets."""
    if not request.path.startswith(API) or request.method != "GET" or response.mimetype not in _COMPRESSED:
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

"""Security headers of every response, and the CSRF check of every unsafe request."""

from __future__ import annotations

import secrets

from flask import Flask, Response, g, request

from upscaler.extensions import csrf
from upscaler.views.context import cookie_account, services
from upscaler.views.targets import this_page

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
# What these do concerns no account, so their forms carry no token, for which visitors would need a session.
_WITHOUT_TOKEN = frozenset({"public.choose_language"})


def init_app(app: Flask) -> None:
    """Add the check and the headers to the application."""
    app.before_request(_check_csrf)
    app.after_request(_add_headers)
    app.jinja_env.globals["csp_nonce"] = csp_nonce
    app.jinja_env.globals["this_page"] = this_page


def csp_nonce() -> str:
    """Return this response's nonce for scripts."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def _image_sources() -> str:
    """Return the sources that pages may load images from: this site, and the storage where it has a public origin."""
    return " ".join(filter(None, ("'self'", "data:", "blob:", services().storage.public_origin)))


def _check_csrf() -> None:
    if request.method in _SAFE_METHODS or request.endpoint in _WITHOUT_TOKEN:
        return
    # A caller without an account in the cookie has no rights that another site could misuse, and needs no token.
    # Neither does one that sends a key or a token: the cookie is ignored then, and no other site knows either.
    if request.path.startswith("/api/") and ("Authorization" in request.headers or cookie_account() is None):
        return
    csrf.protect()


def _add_headers(response: Response) -> Response:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("X-Frame-Options", "DENY")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if response.mimetype == "text/html":
        response.headers.setdefault(
            "Content-Security-Policy",
            f"default-src 'self'; script-src 'self' 'nonce-{csp_nonce()}'; style-src 'self'; "
            f"style-src-attr 'unsafe-inline'; img-src {_image_sources()}; object-src 'none'; base-uri 'self'; "
            "form-action 'self'; frame-ancestors 'none'",
        )
        response.headers.setdefault("Cache-Control", "no-store")
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response

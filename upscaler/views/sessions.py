"""The session cookie: only for people who sign in, and only for the part of the host that is ours."""

from __future__ import annotations

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface


class SiteSessions(SecureCookieSessionInterface):
    """Sessions in a signed cookie, whose attributes follow from how the request came in."""

    def get_cookie_path(self, app: Flask) -> str:  # noqa: ARG002 - the signature is Flask's
        """Return the prefix that a proxy serves us under: others on the same host do not get the cookie."""
        return cookie_path()

    def get_cookie_secure(self, app: Flask) -> bool:
        """Return whether the cookie needs encryption: always in production, else where the connection has it."""
        return bool(app.config["SESSION_COOKIE_SECURE"]) or request.is_secure


def cookie_path() -> str:
    """Return the path of the cookies of this request."""
    return request.script_root or "/"

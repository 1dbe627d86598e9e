"""Reverse proxies in front of the service: what they report of the client, and the prefix that they serve it under."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# A prefix begins every link of a page. One that browsers or programs could take for another host, a scheme or a parent
# folder is none.
_PREFIX = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)+", re.ASCII)


def init_app(app: Flask, trusted_proxies: int) -> None:
    """Believe the last ``trusted_proxies`` entries of each ``X-Forwarded-*`` header, and no other ones."""
    app.wsgi_app = CheckedPrefix(app.wsgi_app)  # type: ignore[method-assign] # as Flask's docs do
    if trusted_proxies:
        hops = trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops, x_prefix=hops)  # type: ignore[method-assign]


class CheckedPrefix:
    """Leaves out a prefix that is no plain path."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass a request on."""
        environ["SCRIPT_NAME"] = plain_prefix(environ.get("SCRIPT_NAME", ""))
        return self._app(environ, start_response)


def plain_prefix(prefix: str) -> str:
    """Return a prefix such as ``/upscaler`` without a slash at its end, or nothing for one that cannot be used."""
    prefix = prefix.rstrip("/")
    return prefix if _PREFIX.fullmatch(prefix) else ""

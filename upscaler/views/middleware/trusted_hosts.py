"""Requests for another host: those of a forged ``Host`` header, or of a name that was pointed here (DNS rebinding)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from flask import Flask, request

from config import Config
from config.audit import is_loopback
from upscaler.errors import UntrustedHost

# A name or an address, and maybe a port.
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?", re.ASCII)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# Load balancers and monitoring reach the first two at addresses that nobody types in, and the page that refuses a host
# needs its style sheets. None of them holds links.
_ANY_HOST = frozenset({"api.get_health", "metrics", "static"})


def init_app(app: Flask, config: Config) -> None:
    """Refuse requests for hosts that are not the service's own, where it can be known which are."""
    trusted = trusted_hosts(config)
    if not trusted:
        return

    @app.before_request
    def check_host() -> None:
        if request.endpoint not in _ANY_HOST and not is_trusted(request.host, trusted):
            raise UntrustedHost


def trusted_hosts(config: Config) -> frozenset[str]:
    """Return the names that the service is reached under, one with a dot in front for all below it; empty for any.

    They are those of ``TRUSTED_HOSTS`` and ``PUBLIC_URL``, and those of this machine. Without either setting they are
    known only where nothing but this machine's own programs reach the service.
    """
    named = {*config.trusted_hosts, urlsplit(config.public_url).hostname or ""} - {""}
    if not named and (config.trusted_proxies or not is_loopback(config.host)):
        return frozenset()
    return frozenset(name.lower() for name in (*named, *_LOOPBACK, config.host.strip("[]")))


def is_trusted(host: str, trusted: frozenset[str]) -> bool:
    """Return whether a ``Host`` header, with or without a port, names one of some hosts."""
    found = _HOST.fullmatch(host.lower())
    if found is None:
        return False
    name = found[1].strip("[]").rstrip(".")
    parents = name.split(".")[1:]
    return name in trusted or any("." + ".".join(parents[start:]) in trusted for start in range(len(parents)))

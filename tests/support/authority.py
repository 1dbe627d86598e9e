"""A certificate authority that only its own clients trust."""

from __future__ import annotations

import ssl

import trustme


class Authority:
    """Issues certificates for servers of a test."""

    def __init__(self) -> None:
        self._ca = trustme.CA()

    def server(self, name: str) -> ssl.SSLContext:
        """Return what a server of that name needs."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert(name).configure_cert(context)
        return context

    def client(self) -> ssl.SSLContext:
        """Return what a client needs that trusts this authority."""
        context = ssl.create_default_context()
        self._ca.configure_trust(context)
        return context

"""The address a request came from, as it counts for limits and for the audit trail."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from flask import request


def client_address() -> str:
    """Return what limits count by: an IPv4 address, or the /64 network of an IPv6 one.

    A household or a server gets a whole /64, so its addresses count as one. Proxies were resolved before, by the
    configured number of ``X-Forwarded-For`` entries.
    """
    text = request.remote_addr or "unknown"
    try:
        address = ip_address(text)
    except ValueError:
        return text
    if address.version == 6:
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ip_network(f"{address}/64", strict=False))
    return str(address)

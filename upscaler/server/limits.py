"""What a connection may take: time, rates, and its share of all connections."""

from __future__ import annotations

import ipaddress
import resource
from dataclasses import dataclass

# File descriptors that are left for the database, files and child processes.
_OTHER_FILES = 256
_IPV6_SITE_BITS = 64


@dataclass(frozen=True)
class Limits:
    """Limits on connections; times in seconds, rates in bytes per second.

    Attributes:
        header_seconds: from the first byte of a request, or from the beginning of a connection, to the end of the
            headers.
        idle_seconds: between two requests. Longer than the minute for which proxies keep a connection: a request that
            is on its way when the server closes the connection gets no response.
        pace_seconds: after each so many seconds it is checked how much of a body or of a response has gone over.
        least_rate: of that, on average since the last check.
        drain_seconds, drain_bytes: for which the rest of a body that was refused is received, and ignored, so that its
            sender reads the response.
        connections: open at the same time.
        per_address: of those, from one IPv4 address or one IPv6 network of a site (/64); 0 for no limit.
        buffered_bytes: of bodies that are being received, all together.
        stop_seconds: for which requests may go on after a signal to stop.
    """

    header_seconds: float = 15.0
    idle_seconds: float = 75.0
    pace_seconds: float = 15.0
    least_rate: float = 4096.0
    drain_seconds: float = 10.0
    drain_bytes: int = 32 << 20
    connections: int = 4000
    per_address: int = 200
    buffered_bytes: int = 4 << 30
    stop_seconds: float = 5.0


class Pace:
    """The pace at which bytes go over.

    Args:
        limits: on it.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._checked_at: float | None = None
        self._count = 0

    def begin(self) -> None:
        """Begin anew."""
        self._checked_at = None

    def is_slow(self, count: int, now: float) -> bool:
        """Return whether ``count`` bytes in all, at a time of ``time.monotonic``, are too few since the last check."""
        if self._checked_at is None:
            self._checked_at, self._count = now, count
        seconds = now - self._checked_at
        if seconds < self._limits.pace_seconds:
            return False
        is_slow = count - self._count < seconds * self._limits.least_rate
        self._checked_at, self._count = now, count
        return is_slow


def possible_connections(wanted: int) -> int:
    """Return how many connections this process can hold open, at most ``wanted``; its limit of files is raised."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        soft = min(hard, max(soft, wanted + _OTHER_FILES))
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(1, min(wanted, soft - _OTHER_FILES))


def group_of(address: str) -> str:
    """Return what connections are counted by: an IPv4 address, or the IPv6 network of a site."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, _IPV6_SITE_BITS), strict=False))

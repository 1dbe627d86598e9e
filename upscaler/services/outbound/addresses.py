"""Addresses that the service may call on behalf of clients: public ones, and the networks that the operator allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Written out and not left to `ipaddress`, whose answers differ between versions of Python and miss shared
# and embedded addresses.
_REFUSED_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by the customers of a carrier
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # a cloud's own service, at a public address
        "169.254.0.0/16",  # link-local; clouds hand out credentials there
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
# All ranges assigned for public use. Loopback, link-local, unique local, multicast, IPv4-mapped,
# IPv4-compatible and NAT64 addresses lie outside.
_PUBLIC_V6 = IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)
# The upper half of an interface identifier that holds an IPv4 address (ISATAP), with and without the universal bit.
_ISATAP = frozenset({0x0000_5EFE, 0x0200_5EFE})

_WEB_PORTS = frozenset({80, 443, *range(8000, 10000)})


@dataclass(frozen=True)
class AddressPolicy:
    """The addresses that requests may reach. ``allowed`` are private networks that may be reached as well."""

    allowed: tuple[Network, ...] = ()

    def permits(self, address: Address, port: int) -> bool:
        """Return whether a connection to this address may be opened."""
        if any(address in network for network in self.allowed):
            return True
        return is_public(address) and port in _WEB_PORTS

    def permits_port(self, port: int) -> bool:
        """Return whether any address may be reached at this port."""
        return port in _WEB_PORTS or bool(self.allowed)

    def choose(self, addresses: Sequence[str], port: int) -> list[Address]:
        """Return the addresses that may be reached, in their order."""
        return [address for text in addresses if self.permits(address := ip_address(text), port)]


def is_public(address: Address) -> bool:
    """Return whether an address belongs to the public internet.

    IPv6 addresses that stand for an IPv4 address never do: what they lead to is not what they look like.
    """
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _REFUSED_V4)
    if address.scope_id or address not in _PUBLIC_V6:
        return False
    if (int(address) >> 32) & 0xFFFF_FFFF in _ISATAP:
        return False
    return not any(address in network for network in _REFUSED_V6)

"""Settings that are unsafe where others than this machine's users reach the service.

A service that only this machine reaches may be set up in any way: one whose ``HOST`` is a loopback address and whose
``FLASK_ENV`` is not ``production``.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from urllib.parse import urlsplit

from config.kinds import Network
from config.settings import Config
from config.sources import example_password

_LEAST_KEY_CHARACTERS, _LEAST_KEY_BITS = 32, 90.0
_LEAST_PASSWORD_CHARACTERS, _LEAST_PASSWORD_KINDS = 12, 6
_LEAST_TOKEN_CHARACTERS = 16
# Networks of one organisation: the largest private ones, and what a site gets of IPv6.
_PRIVATE_IPV4 = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8")))
_PRIVATE_IPV6 = IPv6Network("fc00::/7")
_LEAST_IPV4_PREFIX, _LEAST_IPV6_PREFIX = 16, 32
_HINT = "or name {risk} in ACCEPTED_RISKS"


@dataclass(frozen=True)
class Finding:
    """One setting, or another choice of the operator, that is unsafe.

    Attributes:
        variable: name of the environment variable, or what else is meant.
        text: what is wrong with it, and what to do.
        risk: its name in ``ACCEPTED_RISKS``; empty for one that nobody can accept.
    """

    variable: str
    text: str
    risk: str = ""

    def __str__(self) -> str:
        """Return one line."""
        hint = f", {_HINT.format(risk=self.risk)}" if self.risk else ""
        return f"{self.variable} {self.text}{hint}"


def is_exposed(config: Config) -> bool:
    """Return whether others than the users of this machine may reach the service."""
    return config.production or not is_loopback(config.host)


def audit(config: Config) -> list[Finding]:
    """Return what is unsafe in the settings; nothing for a service that only this machine reaches."""
    if not is_exposed(config):
        return []
    checks = (_secrets, _addresses, _redis, _limits, _outbound, _user)
    return [finding for check in checks for finding in check(config)]


def refused(config: Config) -> list[Finding]:
    """Return the findings that the operator has not accepted."""
    return [finding for finding in audit(config) if finding.risk not in config.accepted_risks]


def is_root() -> bool:
    """Return whether this process may do everything on its machine."""
    return os.geteuid() == 0


def is_loopback(host: str) -> bool:
    """Return whether a host, by address or name, is this machine, as no other one reaches it."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def entropy_bits(text: str) -> float:
    """Return an estimate of the bits of a secret: Shannon's entropy of its characters, times their number.

    Of a text that repeats itself only the first turn counts.
    """
    turns = (text[:size] for size in range(1, len(text)))
    once = next((turn for turn in turns if (turn * len(text)).startswith(text)), text)
    return sum(count * math.log2(len(once) / count) for count in Counter(once).values())


def _secrets(config: Config) -> Iterator[Finding]:
    keys = [key.get_secret_value() for key in config.secret_key]
    if not keys and config.production:
        yield Finding(
            "SECRET_KEY",
            'must be set; make one with: python -c "import secrets; print(secrets.token_hex(32))"',
        )
    elif any(len(key) < _LEAST_KEY_CHARACTERS or entropy_bits(key) < _LEAST_KEY_BITS for key in keys):
        each = "each of its keys" if len(keys) > 1 else "it"
        yield Finding(
            "SECRET_KEY", f"can be guessed; {each} needs {_LEAST_KEY_CHARACTERS} or more random characters"
        )
    password = config.admin_seed_pass.get_secret_value()
    if password and password == example_password():
        yield Finding(
            "ADMIN_SEED_PASS", "is the example's password, which everybody knows; choose another one"
        )
    elif password and (
        len(password) < _LEAST_PASSWORD_CHARACTERS or len(set(password)) < _LEAST_PASSWORD_KINDS
    ):
        yield Finding(
            "ADMIN_SEED_PASS", f"can be guessed; it needs {_LEAST_PASSWORD_CHARACTERS} or more characters"
        )
    if 0 < len(config.metrics_token.get_secret_value()) < _LEAST_TOKEN_CHARACTERS:
        yield Finding(
            "METRICS_TOKEN", f"can be guessed; it needs {_LEAST_TOKEN_CHARACTERS} or more random characters"
        )


def _addresses(config: Config) -> Iterator[Finding]:
    if not config.public_url:
        yield Finding(
            "PUBLIC_URL", "must name the site's address: without it a forged Host header goes into links"
        )
    elif not config.public_url.startswith("https://"):
        yield Finding(
            "PUBLIC_URL", "must begin with https://: passwords and images would go unencrypted", "plain_http"
        )
    for origin in config.cors_origins:
        if not origin.startswith("https://"):
            yield Finding("CORS_ORIGINS", f"must name https origins, in place of {origin}", "plain_http")


def _redis(config: Config) -> Iterator[Finding]:
    url = urlsplit(config.redis_url)
    if url.hostname and not url.password and not is_loopback(url.hostname):
        yield Finding("REDIS_URL", "must hold a password: whoever reaches Redis can delay jobs", "open_redis")


def _limits(config: Config) -> Iterator[Finding]:
    for name in ("rate_limit", "account_rate_limit", "preview_rate_limit", "poll_rate_limit"):
        if getattr(config, name) == "off":
            yield Finding(
                name.upper(), "must not be off: one person could keep the service to themselves", "no_limits"
            )


def _outbound(config: Config) -> Iterator[Finding]:
    for network in config.webhook_allowed_networks:
        if _is_wide(network):
            yield Finding(
                "WEBHOOK_ALLOWED_NETWORKS",
                f"must name smaller networks than {network}: uploads and webhooks reach every address in them",
                "wide_networks",
            )


def _user(_: Config) -> Iterator[Finding]:
    if is_root():
        yield Finding(
            "The user",
            "must not be root; make one for the service (adduser --system --group upscaler), give it DATA_DIR "
            "(chown -R upscaler:upscaler data), and start as that one (runuser -u upscaler -- make run)",
            "root_user",
        )


def _is_wide(network: Network) -> bool:
    if isinstance(network, IPv6Network):
        return network.prefixlen < _LEAST_IPV6_PREFIX and not network.subnet_of(_PRIVATE_IPV6)
    is_private = any(network.subnet_of(private) for private in _PRIVATE_IPV4)
    return network.prefixlen < _LEAST_IPV4_PREFIX and not is_private

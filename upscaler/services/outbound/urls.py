"""URLs that people enter. One parser serves the check and the connection, so that they cannot disagree."""

from __future__ import annotations

from ipaddress import ip_address

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from upscaler.errors import N_, InvalidUrl
from upscaler.services.outbound.addresses import AddressPolicy

MAX_URL = 2000
DEFAULT_PORTS = {"http": 80, "https": 443}


def parse(text: str, refusal: type[InvalidUrl] = InvalidUrl) -> Url:
    """Read a URL that begins with ``http://`` or ``https://``.

    Raises:
        InvalidUrl: as ``refusal``, when the address cannot be used; the message says why.
    """
    if len(text) > MAX_URL:
        raise refusal(N_('"%(name)s" can have up to %(limit)s characters.'), limit=MAX_URL)
    if not text.isprintable() or " " in text or "\\" in text:
        raise refusal
    try:
        url = parse_url(text)
    except LocationParseError:
        raise refusal from None
    if url.scheme not in DEFAULT_PORTS or not url.host or url.port == 0:
        raise refusal
    if url.auth is not None:
        raise refusal(N_('"%(name)s" must not contain a user name or password.'))
    if len(url.url) > MAX_URL:
        raise refusal(N_('"%(name)s" can have up to %(limit)s characters.'), limit=MAX_URL)
    return url


def permitted(url: Url, policy: AddressPolicy) -> bool:
    """Return whether a URL may be reached, as far as is known without looking its host up."""
    try:
        return policy.permits(ip_address(str(url.host).strip("[]")), port_of(url))
    except ValueError:
        # A name. What it leads to is checked when the connection is opened.
        return policy.permits_port(port_of(url))


def port_of(url: Url) -> int:
    """Return the port of a URL that ``parse`` has read."""
    return url.port or DEFAULT_PORTS[str(url.scheme)]

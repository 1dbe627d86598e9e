"""Where a person wants to be told: the URL of a webhook, an e-mail address."""

from __future__ import annotations

from ipaddress import ip_address

from email_validator import EmailNotValidError, validate_email
from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from upscaler.errors import N_, InvalidCallbackUrl, InvalidEmail
from upscaler.services.notify.addresses import AddressPolicy
from upscaler.services.notify.connection import DEFAULT_PORTS

MAX_URL = 2000
MAX_EMAIL = 254


def parse(text: str) -> Url:
    """Read the URL of a webhook. The same parser serves the check and the connection, so they cannot disagree.

    Raises:
        InvalidCallbackUrl: the URL cannot be used; the message says why.
    """
    if len(text) > MAX_URL:
        raise InvalidCallbackUrl(N_("A callback_url may have at most %(limit)s characters."), limit=MAX_URL)
    if not text.isprintable() or " " in text or "\\" in text:
        raise InvalidCallbackUrl
    try:
        url = parse_url(text)
    except LocationParseError:
        raise InvalidCallbackUrl from None
    if url.scheme not in DEFAULT_PORTS or not url.host or url.port == 0:
        raise InvalidCallbackUrl
    if url.auth is not None:
        raise InvalidCallbackUrl(
            N_("A callback_url must not hold a name or password. Every webhook is signed instead.")
        )
    if url.fragment is not None:
        raise InvalidCallbackUrl(N_('A callback_url must not have a part after "#": it would never be sent.'))
    if len(url.url) > MAX_URL:
        raise InvalidCallbackUrl(N_("A callback_url may have at most %(limit)s characters."), limit=MAX_URL)
    return url


def check_url(text: str, policy: AddressPolicy) -> str:
    """Return the URL of a webhook in its normal form, if it may be reached as far as can be told without looking up.

    Raises:
        InvalidCallbackUrl: it cannot be used, or leads to an address that is not allowed.
    """
    url = parse(text)
    port = url.port or DEFAULT_PORTS[str(url.scheme)]
    try:
        permitted = policy.permits(ip_address(str(url.host).strip("[]")), port)
    except ValueError:
        # A name. What it leads to is checked when the connection is opened.
        permitted = policy.permits_port(port)
    if not permitted:
        raise InvalidCallbackUrl(
            N_("This service does not call that address or port. Please use a public one, at port 80 or 443.")
        )
    return url.url


def check_email(text: str) -> str:
    """Return an e-mail address in its normal form; raise ``InvalidEmail``. Nothing is looked up."""
    if len(text) > MAX_EMAIL:
        raise InvalidEmail
    try:
        checked = validate_email(text, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError:
        raise InvalidEmail from None
    return checked.ascii_email or checked.normalized

"""Checks of recipients: URLs of webhooks and e-mail addresses."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email
from urllib3.util import Url

from upscaler.errors import N_, InvalidCallbackUrl, InvalidEmail
from upscaler.services.outbound import urls
from upscaler.services.outbound.addresses import AddressPolicy

MAX_EMAIL = 254


def parse(text: str) -> Url:
    """Read the URL of a webhook.

    Raises:
        InvalidCallbackUrl: the URL cannot be used; the message says why.
    """
    url = urls.parse(text, InvalidCallbackUrl)
    if url.fragment is not None:
        raise InvalidCallbackUrl(N_('A callback_url must not have a fragment ("#…").'))
    return url


def check_url(text: str, policy: AddressPolicy) -> str:
    """Return the URL of a webhook in its normal form, checked without looking its host up.

    Raises:
        InvalidCallbackUrl: it cannot be used, or leads to an address that is not allowed.
    """
    url = parse(text)
    if not urls.permitted(url, policy):
        raise InvalidCallbackUrl(
            N_("This address or port isn't allowed. Use a public address and port 80, 443 or 8000 to 9999.")
        )
    return url.url


def check_email(text: str) -> str:
    """Return an e-mail address in its normal form; raise ``InvalidEmail``. No domain is looked up."""
    if len(text) > MAX_EMAIL:
        raise InvalidEmail
    try:
        checked = validate_email(text, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError:
        raise InvalidEmail from None
    return checked.ascii_email or checked.normalized

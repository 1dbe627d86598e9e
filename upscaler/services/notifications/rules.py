"""Recipients of messages about a job, and the channels that the service offers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from upscaler.errors import MailNotOffered, gathered
from upscaler.services.notifications import recipients
from upscaler.services.outbound.addresses import AddressPolicy


@dataclass(frozen=True)
class Notifications:
    """The recipients of messages about a job, and the language of these."""

    callback_url: str | None = None
    email: str | None = None
    language: str | None = None


@dataclass(frozen=True)
class NotificationRules:
    """The channels of this service: webhooks to addresses of ``policy``, and e-mail where a server is configured."""

    policy: AddressPolicy
    offers_mail: bool

    def check(self, callback_url: str, email: str, language: str) -> Notifications:
        """Check the recipients that a client sent; an empty text is none.

        Raises:
            InvalidCallbackUrl, InvalidEmail: the value cannot be used.
            MailNotOffered: this service sends no mail.
        """
        address, url = gathered(partial(self._email, email), partial(self._callback_url, callback_url))
        return Notifications(url, address, language)

    def _email(self, text: str) -> str | None:
        if text and not self.offers_mail:
            raise MailNotOffered
        return recipients.check_email(text) if text else None

    def _callback_url(self, text: str) -> str | None:
        return recipients.check_url(text, self.policy) if text else None

"""Recipients of messages about a job, and the channels that the service offers."""

from __future__ import annotations

from dataclasses import dataclass

from upscaler.errors import MailNotOffered
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
        if email and not self.offers_mail:
            raise MailNotOffered
        return Notifications(
            callback_url=recipients.check_url(callback_url, self.policy) if callback_url else None,
            email=recipients.check_email(email) if email else None,
            language=language,
        )

"""Who is to be notified when a job has ended, and which ways the service offers."""

from __future__ import annotations

from dataclasses import dataclass

from upscaler.errors import MailNotOffered
from upscaler.services.notifications import recipients
from upscaler.services.outbound.addresses import AddressPolicy


@dataclass(frozen=True)
class Notifications:
    """Where to send the news of a job's end, and in which language."""

    callback_url: str | None = None
    email: str | None = None
    language: str | None = None


@dataclass(frozen=True)
class NotificationRules:
    """What this service offers: webhooks to the addresses of ``policy``, and mail if there is a server for it."""

    policy: AddressPolicy
    offers_mail: bool

    def check(self, callback_url: str, email: str, language: str) -> Notifications:
        """Accept what a client sent; an empty text means that it does not want to be told that way.

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

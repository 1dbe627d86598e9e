"""Who wants to be told when a job has ended, and what stands about it in the job's parameters.

The URL of a webhook is one of the job's parameters, as the specification has it. It may hold a secret of its owner,
so whoever merely holds the link to the job learns only that there is one. The e-mail address is no parameter at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from upscaler.engine.options import UpscaleOptions
from upscaler.errors import MailNotOffered
from upscaler.services.notifications import recipients
from upscaler.services.outbound.addresses import AddressPolicy

CALLBACK = "callback_url"


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


def job_params(options: UpscaleOptions, wanted: Notifications) -> dict[str, Any]:
    """Return the parameters that are stored with a job."""
    extra = {CALLBACK: wanted.callback_url} if wanted.callback_url else {}
    return {**options.as_dict(), **extra}


def options_of(params: Mapping[str, Any]) -> UpscaleOptions:
    """Return what was asked of the enlargement, from the parameters of a job."""
    return UpscaleOptions.from_mapping({name: value for name, value in params.items() if name != CALLBACK})


def public_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters as whoever holds the link to a job may see them."""
    return {name: True if name == CALLBACK else value for name, value in params.items()}

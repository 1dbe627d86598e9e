from __future__ import annotations

import pytest

from upscaler.errors import InvalidCallbackUrl, InvalidEmail, MailNotOffered, UpscalerError
from upscaler.services.notifications.rules import NotificationRules, Notifications
from upscaler.services.outbound.addresses import AddressPolicy

RULES = NotificationRules(AddressPolicy(), offers_mail=True)


def test_recipients_are_returned_in_their_normal_form() -> None:
    assert RULES.check("HTTPS://Example.org/hook", "layla@example.org", "ar") == Notifications(
        "https://example.org/hook", "layla@example.org", "ar"
    )


def test_an_empty_text_is_no_recipient() -> None:
    assert NotificationRules(AddressPolicy(), offers_mail=False).check("", "", "en") == Notifications(
        language="en"
    )


@pytest.mark.parametrize(
    ("url", "email", "error"),
    [("https://127.0.0.1/", "", InvalidCallbackUrl), ("", "nobody", InvalidEmail)],
)
def test_a_recipient_that_cannot_be_reached_is_refused(
    url: str, email: str, error: type[UpscalerError]
) -> None:
    with pytest.raises(error):
        RULES.check(url, email, "en")


def test_an_address_needs_a_service_that_sends_mail() -> None:
    with pytest.raises(MailNotOffered):
        NotificationRules(AddressPolicy(), offers_mail=False).check("", "layla@example.org", "en")

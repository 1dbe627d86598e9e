"""E-mails over a real mail server on loopback."""

from __future__ import annotations

import re
from collections.abc import Callable
from email.message import EmailMessage

import pytest

from tests.support.mail import mail_server
from tests.unit.services.notifications.conftest import EVENT
from upscaler.errors import EngineCrashed
from upscaler.services.notifications.mail import MailChannel
from upscaler.services.notifications.message import Message
from upscaler.services.notifications.outcome import Outcome, Verdict
from upscaler.services.notifications.smtp import MailServer

NewMessage = Callable[..., Message]
SENDER = "ImageUpscalerPro <images@example.org>"
LAYLA = "layla@example.org"


def channel(port: int, **options: object) -> MailChannel:
    return MailChannel(MailServer("127.0.0.1", port, **{"security": "none", **options}), SENDER)


def ended(status: str) -> dict[str, object]:
    return {**EVENT, "type": f"job.{status}", "data": {**EVENT["data"], "status": status}}


def parts(message: EmailMessage) -> tuple[str, str]:
    text, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    return str(text.get_content()), str(html.get_content())


def test_it_arrives_with_text_and_html(new_message: NewMessage) -> None:
    with mail_server() as box:
        outcome = channel(box.port).deliver(new_message(LAYLA))

    assert outcome == Outcome(Verdict.DELIVERED, 250)
    assert box.envelopes == [("images@example.org", [LAYLA])]
    [message] = box.messages
    assert message["From"] == SENDER
    assert message["To"] == LAYLA
    assert message["Subject"] == "Your upscaled image is ready"
    assert message["Message-ID"] == "<msg_1@example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime.tzinfo is not None
    text, html = parts(message)
    for part in (text, html):
        assert "https://images.example.org/jobs/job_1" in part
        assert "Anyone with this link can view the image." in part
    assert '<html lang="en" dir="ltr">' in html


def test_in_arabic_it_is_written_from_right_to_left(new_message: NewMessage) -> None:
    with mail_server() as box:
        channel(box.port).deliver(new_message(LAYLA, language="ar"))

    [message] = box.messages
    assert message["Content-Language"] == "ar"
    assert message["Subject"] == "صورتك المكبَّرة جاهزة"
    text, html = parts(message)
    assert "كُبِّرت صورتك وفُحصت" in text
    assert '<html lang="ar" dir="rtl">' in html
    assert '<body dir="rtl">' in html
    assert not re.search(r"\b(Your|image)\b", text.replace("images.example.org", ""))


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_failure_says_why_in_the_language_of_the_reader(new_message: NewMessage, language: str) -> None:
    error = (EngineCrashed.message, {"reason": "SIGSEGV"})

    message = channel(1).compose(new_message(LAYLA, payload=ended("failed"), error=error, language=language))

    text, html = parts(message)
    assert "SIGSEGV" not in text + html
    assert ("the engine stopped unexpectedly" in text) is (language == "en")


def test_a_canceled_job_is_reported_as_one(new_message: NewMessage) -> None:
    message = channel(1).compose(new_message(LAYLA, payload=ended("canceled")))

    assert message["Subject"] == "Upscaling was canceled"


@pytest.mark.parametrize("language", [None, "xx", "fr"])
def test_without_a_catalogue_it_is_in_english(new_message: NewMessage, language: str | None) -> None:
    message = channel(1).compose(new_message(LAYLA, language=language))

    assert message["Subject"] == "Your upscaled image is ready"
    assert '<html lang="en" dir="ltr">' in parts(message)[1]


def test_a_line_break_cannot_add_a_header(new_message: NewMessage) -> None:
    with pytest.raises(ValueError, match=r"linefeed|carriage return"):
        channel(1).compose(new_message("layla@example.org\r\nBcc: everybody@example.org"))


def test_what_comes_from_the_job_is_text_and_no_markup(new_message: NewMessage) -> None:
    error = ("Because of %(reason)s", {"reason": "<img src=x>"})

    _, html = parts(channel(1).compose(new_message(LAYLA, payload=ended("failed"), error=error)))

    assert "<img" not in html
    assert "&lt;img src=x&gt;" in html

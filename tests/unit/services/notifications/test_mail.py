"""E-mails over a real mail server on loopback."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from email.message import EmailMessage

import pytest

from tests.support.mail import ACCOUNT, mail_server
from tests.support.service import free_port
from tests.unit.services.notifications.conftest import EVENT, Authority
from upscaler.errors import EngineCrashed
from upscaler.services.notifications.mail import MailChannel
from upscaler.services.notifications.message import Message
from upscaler.services.notifications.outcome import Outcome, Verdict
from upscaler.services.notifications.smtp import MailServer

NewLetter = Callable[..., Message]
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


def test_it_arrives_with_text_and_html(letter: NewLetter) -> None:
    with mail_server() as box:
        outcome = channel(box.port).deliver(letter(LAYLA))

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


def test_in_arabic_it_is_written_from_right_to_left(letter: NewLetter) -> None:
    with mail_server() as box:
        channel(box.port).deliver(letter(LAYLA, language="ar"))

    [message] = box.messages
    assert message["Content-Language"] == "ar"
    assert message["Subject"] == "صورتك المكبَّرة جاهزة"
    text, html = parts(message)
    assert "كُبِّرت صورتك وفُحصت" in text
    assert '<html lang="ar" dir="rtl">' in html
    assert '<body dir="rtl">' in html
    assert not re.search(r"\b(Your|image)\b", text.replace("images.example.org", ""))


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_failure_says_why_in_the_language_of_the_reader(letter: NewLetter, language: str) -> None:
    error = (EngineCrashed.message, {"reason": "SIGSEGV"})

    message = channel(1).compose(letter(LAYLA, payload=ended("failed"), error=error, language=language))

    text, html = parts(message)
    assert "SIGSEGV" not in text + html
    assert ("the engine stopped unexpectedly" in text) is (language == "en")


def test_a_canceled_job_is_told_as_one(letter: NewLetter) -> None:
    message = channel(1).compose(letter(LAYLA, payload=ended("canceled")))

    assert message["Subject"] == "Upscaling was canceled"


@pytest.mark.parametrize("language", [None, "xx", "fr"])
def test_without_a_catalogue_it_is_in_english(letter: NewLetter, language: str | None) -> None:
    message = channel(1).compose(letter(LAYLA, language=language))

    assert message["Subject"] == "Your upscaled image is ready"
    assert '<html lang="en" dir="ltr">' in parts(message)[1]


def test_a_line_break_cannot_add_a_header(letter: NewLetter) -> None:
    with pytest.raises(ValueError, match=r"linefeed|carriage return"):
        channel(1).compose(letter("layla@example.org\r\nBcc: everybody@example.org"))


def test_what_comes_from_the_job_is_text_and_no_markup(letter: NewLetter) -> None:
    error = ("Because of %(reason)s", {"reason": "<img src=x>"})

    _, html = parts(channel(1).compose(letter(LAYLA, payload=ended("failed"), error=error)))

    assert "<img" not in html
    assert "&lt;img src=x&gt;" in html


@pytest.mark.parametrize(
    ("step", "answer", "verdict"),
    [
        ("RCPT", "550 no such mailbox", Verdict.FAILED),
        ("RCPT", "451 try again later", Verdict.RETRY),
        ("DATA", "554 looks like spam", Verdict.FAILED),
        ("DATA", "452 the disk is full", Verdict.RETRY),
    ],
)
def test_refused_for_now_is_told_from_refused_for_ever(
    letter: NewLetter, step: str, answer: str, verdict: Verdict
) -> None:
    with mail_server() as box:
        box.answers[step] = answer
        outcome = channel(box.port).deliver(letter(LAYLA))

    assert outcome == Outcome(verdict, int(answer[:3]), answer[4:])


def test_a_server_that_is_not_there_is_tried_again(letter: NewLetter) -> None:
    outcome = channel(free_port()).deliver(letter(LAYLA))

    assert outcome.verdict is Verdict.RETRY
    assert "refused" in outcome.detail


def test_a_server_that_says_nothing_is_left(letter: NewLetter) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        outcome = channel(silent.getsockname()[1], step_seconds=0.3).deliver(letter(LAYLA))

    assert outcome.verdict is Verdict.RETRY
    assert "timed out" in outcome.detail


def test_a_name_and_password_are_given(letter: NewLetter, authority: Authority) -> None:
    user, password = ACCOUNT
    with mail_server(authority.server("127.0.0.1"), account=True) as box:
        options = {"security": "starttls", "tls": authority.client(), "user": user}
        right = channel(box.port, password=password, **options).deliver(letter(LAYLA))
        wrong = channel(box.port, password="wrong", **options).deliver(letter(LAYLA))

    assert right.verdict is Verdict.DELIVERED
    # An operator can mend the password; the message is not to blame.
    assert (wrong.verdict, wrong.status) == (Verdict.RETRY, 535)
    assert len(box.messages) == 1


def test_starttls_is_used_and_the_certificate_is_checked(letter: NewLetter, authority: Authority) -> None:
    with mail_server(authority.server("127.0.0.1")) as box:
        options = {"security": "starttls"}
        trusted = channel(box.port, tls=authority.client(), **options).deliver(letter(LAYLA))
        unknown = channel(box.port, **options).deliver(letter(LAYLA))

    assert trusted.verdict is Verdict.DELIVERED
    assert unknown.verdict is Verdict.RETRY
    assert "certificate verify failed" in unknown.detail
    assert len(box.messages) == 1


def test_without_starttls_nothing_is_sent_in_the_clear(letter: NewLetter) -> None:
    with mail_server() as box:
        outcome = channel(box.port, security="starttls").deliver(letter(LAYLA))

    assert outcome.verdict is Verdict.RETRY
    assert "STARTTLS" in outcome.detail
    assert box.messages == []


def test_the_password_is_not_shown() -> None:
    assert "a password" not in repr(MailServer("h", 25, user="mailer", password="a password"))

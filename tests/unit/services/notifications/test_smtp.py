"""Delivery to a real mail server on loopback."""

from __future__ import annotations

import socket
from email.message import EmailMessage

import pytest

from tests.support.authority import Authority
from tests.support.mail import ACCOUNT, mail_server
from tests.support.service import free_port
from upscaler.services.notifications.outcome import Outcome, Verdict
from upscaler.services.notifications.smtp import MailServer


def server(port: int, **options: object) -> MailServer:
    return MailServer("127.0.0.1", port, **{"security": "none", **options})


def message() -> EmailMessage:
    message = EmailMessage()
    message["From"] = "images@example.org"
    message["To"] = "layla@example.org"
    message.set_content("Your image is ready.")
    return message


def test_a_message_is_handed_over() -> None:
    with mail_server() as box:
        outcome = server(box.port).send(message())

    assert outcome == Outcome(Verdict.DELIVERED, 250)
    assert box.envelopes == [("images@example.org", ["layla@example.org"])]


def test_the_reason_of_a_refusal_is_kept_short() -> None:
    with mail_server() as box:
        box.answers["RCPT"] = "550 " + "x" * 400
        outcome = server(box.port).send(message())

    assert outcome == Outcome(Verdict.FAILED, 550, "x" * 300)


@pytest.mark.parametrize(
    ("step", "answer", "verdict"),
    [
        ("RCPT", "550 no such mailbox", Verdict.FAILED),
        ("RCPT", "451 try again later", Verdict.RETRY),
        ("DATA", "554 looks like spam", Verdict.FAILED),
        ("DATA", "452 the disk is full", Verdict.RETRY),
    ],
)
def test_a_refusal_for_now_leads_to_another_attempt_and_one_for_ever_does_not(
    step: str, answer: str, verdict: Verdict
) -> None:
    with mail_server() as box:
        box.answers[step] = answer
        outcome = server(box.port).send(message())

    assert outcome == Outcome(verdict, int(answer[:3]), answer[4:])


def test_a_server_that_is_not_there_leads_to_another_attempt() -> None:
    outcome = server(free_port()).send(message())

    assert outcome.verdict is Verdict.RETRY
    assert "refused" in outcome.detail


def test_a_server_that_says_nothing_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        outcome = server(silent.getsockname()[1], step_seconds=0.3).send(message())

    assert outcome.verdict is Verdict.RETRY
    assert "timed out" in outcome.detail


def test_a_name_and_password_are_given(authority: Authority) -> None:
    user, password = ACCOUNT
    with mail_server(authority.server("127.0.0.1"), account=True) as box:
        options = {"security": "starttls", "tls": authority.client(), "user": user}
        right = server(box.port, password=password, **options).send(message())
        wrong = server(box.port, password="wrong", **options).send(message())

    assert right.verdict is Verdict.DELIVERED
    # An operator can correct the password; the message is not at fault.
    assert (wrong.verdict, wrong.status) == (Verdict.RETRY, 535)
    assert len(box.messages) == 1


def test_starttls_is_used_and_the_certificate_is_checked(authority: Authority) -> None:
    with mail_server(authority.server("127.0.0.1")) as box:
        options = {"security": "starttls"}
        trusted = server(box.port, tls=authority.client(), **options).send(message())
        unknown = server(box.port, **options).send(message())

    assert trusted.verdict is Verdict.DELIVERED
    assert unknown.verdict is Verdict.RETRY
    assert "certificate verify failed" in unknown.detail
    assert len(box.messages) == 1


def test_without_starttls_nothing_is_sent_in_the_clear() -> None:
    with mail_server() as box:
        outcome = server(box.port, security="starttls").send(message())

    assert outcome.verdict is Verdict.RETRY
    assert "STARTTLS" in outcome.detail
    assert box.messages == []


def test_the_password_is_not_shown() -> None:
    assert "a password" not in repr(MailServer("h", 25, user="mailer", password="a password"))

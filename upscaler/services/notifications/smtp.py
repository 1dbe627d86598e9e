"""Delivery to a mail server, with temporary failures apart from final ones."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage

from upscaler.services.notifications.outcome import Outcome, Verdict

# For each step of the conversation. There are about ten, which together stay below the lease of a delivery.
STEP_SECONDS = 10.0
_DETAIL_CHARACTERS = 300


@dataclass(frozen=True)
class MailServer:
    """A mail server that relays messages.

    Attributes:
        security: ``none``, ``starttls`` (refused when the server does not offer it) or ``tls``.
        user: empty when the server asks for no name and password.
        tls: which certificates are trusted; None for those of the system.
    """

    host: str
    port: int
    security: str = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    tls: ssl.SSLContext | None = None
    step_seconds: float = STEP_SECONDS

    def send(self, message: EmailMessage) -> Outcome:
        """Hand over a message to its one recipient."""
        try:
            with self._connect() as connection:
                if self.security == "starttls":
                    connection.starttls(context=self._tls())
                if self.user:
                    connection.login(self.user, self.password)
                return _hand_over(connection, message)
        # No mail server, no TLS, a wrong password: the message is not at fault, and an operator can correct it.
        except smtplib.SMTPResponseException as error:
            return Outcome(Verdict.RETRY, error.smtp_code, _text(error.smtp_error))
        except (OSError, smtplib.SMTPException) as error:
            return Outcome(Verdict.RETRY, detail=_text(str(error) or type(error).__name__))

    def _connect(self) -> smtplib.SMTP:
        if self.security == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=self.step_seconds, context=self._tls())
        return smtplib.SMTP(self.host, self.port, timeout=self.step_seconds)

    def _tls(self) -> ssl.SSLContext:
        return self.tls or ssl.create_default_context()


def _hand_over(connection: smtplib.SMTP, message: EmailMessage) -> Outcome:
    try:
        connection.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        [(code, reason)] = error.recipients.values()
        return _refused(code, reason)
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        return _refused(error.smtp_code, error.smtp_error)
    return Outcome(Verdict.DELIVERED, 250)


def _refused(code: int, reason: bytes | str) -> Outcome:
    # 5xx is final for this message; 4xx asks for another attempt.
    return Outcome(Verdict.FAILED if code >= 500 else Verdict.RETRY, code, _text(reason))


def _text(reason: bytes | str) -> str:
    text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
    shown = "".join(character if character.isprintable() else " " for character in text)
    return shown[:_DETAIL_CHARACTERS].strip()

"""E-mails about ended jobs: text and HTML, in the language of the recipient."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from pathlib import Path

from babel import Locale
from babel.support import NullTranslations, Translations
from jinja2 import Environment, FileSystemLoader

from upscaler.errors import N_
from upscaler.errors.sentences import filled
from upscaler.models import utcnow
from upscaler.services.notifications.events import EVENTS
from upscaler.services.notifications.message import Message
from upscaler.services.notifications.outcome import Outcome
from upscaler.services.notifications.smtp import MailServer

ROOT = Path(__file__).resolve().parents[3]
_TEMPLATES = Environment(
    loader=FileSystemLoader(ROOT / "upscaler" / "templates" / "mail"), autoescape=True, auto_reload=False
)

_LINK = N_("View your image")
_SECRET = N_("Anyone with this link can view the image.")
_WHY = N_(
    "You receive this message because your address was entered when the image was uploaded. "
    "If that was not you, ignore it. Another message follows only if the image is upscaled again."
)


@dataclass(frozen=True)
class MailChannel:
    """Writes and sends e-mails from ``sender``, an address with or without a name."""

    server: MailServer
    sender: str
    translations: Path = ROOT / "translations"

    def deliver(self, message: Message) -> Outcome:
        """Make one attempt."""
        return self.server.send(self.compose(message))

    def compose(self, message: Message) -> EmailMessage:
        """Return the e-mail."""
        language = message.language or "en"
        catalogue: NullTranslations = Translations.load(self.translations, [language])
        if not isinstance(catalogue, Translations):
            # Without a catalogue the sentences stay in English.
            language = "en"
        direction = Locale.parse(language).text_direction
        reported = EVENTS[message.payload["type"]]
        paragraphs = [catalogue.gettext(reported.text)]
        if message.error is not None:
            template, values = message.error
            paragraphs.append(filled(catalogue.gettext(template), values, right_to_left=direction == "rtl"))
        words = {
            "subject": catalogue.gettext(reported.subject),
            "link": catalogue.gettext(_LINK),
            "secret": catalogue.gettext(_SECRET),
            "why": catalogue.gettext(_WHY),
        }
        mail = EmailMessage()
        # A line break in a header raises ValueError here, so that no header can be injected.
        mail["Subject"] = words["subject"]
        mail["From"] = self.sender
        mail["To"] = message.target
        mail["Date"] = format_datetime(utcnow())
        # The same for every attempt, so that a second copy is recognised as one.
        mail["Message-ID"] = f"<{message.delivery_id}@{parseaddr(self.sender)[1].rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(
            "\n\n".join(
                [
                    *paragraphs,
                    f"{words['link']}:\n{message.page_url}\n{words['secret']}",
                    f"-- \n{words['why']}",
                ]
            )
            + "\n"
        )
        html = _TEMPLATES.get_template("ended.html").render(
            language=language,
            direction=direction,
            paragraphs=paragraphs,
            url=message.page_url,
            words=words,
        )
        mail.add_alternative(html, subtype="html")
        # Last: setting the content removes such headers.
        mail["Content-Language"] = language
        return mail

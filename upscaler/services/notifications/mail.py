"""The e-mail that tells a person that their image is done: text and HTML, in their language."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from pathlib import Path

from babel import Locale
from babel.support import NullTranslations, Translations
from jinja2 import Environment, FileSystemLoader

from upscaler.errors import N_
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
    "You receive this one message because your address was entered when the image was uploaded. "
    "If that was not you, ignore it. No other message will follow."
)


@dataclass(frozen=True)
class MailChannel:
    """Writes and sends e-mails from ``sender``, an address with or without a name."""

    server: MailServer
    sender: str
    translations: Path = ROOT / "translations"

    def deliver(self, letter: Message) -> Outcome:
        """Make one attempt."""
        return self.server.send(self.compose(letter))

    def compose(self, letter: Message) -> EmailMessage:
        """Write the message."""
        language = letter.language or "en"
        catalogue: NullTranslations = Translations.load(self.translations, [language])
        if not isinstance(catalogue, Translations):
            # Without a catalogue the sentences stay as they are.
            language = "en"
        reported = EVENTS[letter.payload["type"]]
        paragraphs = [catalogue.gettext(reported.text)]
        if letter.error is not None:
            template, values = letter.error
            translated = catalogue.gettext(template)
            paragraphs.append(translated % values if values else translated)
        words = {
            "subject": catalogue.gettext(reported.subject),
            "link": catalogue.gettext(_LINK),
            "secret": catalogue.gettext(_SECRET),
            "why": catalogue.gettext(_WHY),
        }
        message = EmailMessage()
        # A line break in a header raises ValueError here, so that nothing can be slipped in.
        message["Subject"] = words["subject"]
        message["From"] = self.sender
        message["To"] = letter.target
        message["Date"] = format_datetime(utcnow())
        # The same for every attempt, so that a second copy can be told from a second message.
        message["Message-ID"] = f"<{letter.delivery_id}@{parseaddr(self.sender)[1].rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(
            "\n\n".join(
                [
                    *paragraphs,
                    f"{words['link']}:\n{letter.page_url}\n{words['secret']}",
                    f"-- \n{words['why']}",
                ]
            )
            + "\n"
        )
        html = _TEMPLATES.get_template("ended.html").render(
            language=language,
            direction=Locale.parse(language).text_direction,
            paragraphs=paragraphs,
            url=letter.page_url,
            words=words,
        )
        message.add_alternative(html, subtype="html")
        # Last: a new content takes such headers away with the old one.
        message["Content-Language"] = language
        return message

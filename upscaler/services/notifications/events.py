"""The events of a job that are reported by webhook and e-mail, with the words of the e-mail.

To add one: a row in ``EVENTS``, and a call of ``outbox.write`` in the transaction in which it happens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from upscaler.errors import N_
from upscaler.models import JobStatus


@dataclass(frozen=True)
class Event:
    """An event, reported once for each job and channel.

    The words repeat nothing that the uploader wrote, not even the name of the file: no client can make the service send
    a text of their own to a stranger.

    Attributes:
        name: the ``type`` of the webhook.
        subject: of the e-mail; a message id of the translations, as is ``text``.
        text: the first paragraph of the e-mail.
    """

    name: str
    subject: str
    text: str


EVENTS: Mapping[str, Event] = MappingProxyType(
    {
        event.name: event
        for event in (
            Event(
                "job.completed",
                subject=N_("Your upscaled image is ready"),
                text=N_("Your image was upscaled and checked. Compare and download it on its page."),
            ),
            Event(
                "job.failed",
                subject=N_("Your image could not be upscaled"),
                text=N_("Sorry, your image could not be upscaled."),
            ),
            Event(
                "job.canceled",
                subject=N_("Upscaling was canceled"),
                text=N_("The job was canceled before it finished."),
            ),
        )
    }
)


def end_of_job(status: JobStatus) -> Event:
    """Return the event that a job has ended with this status."""
    return EVENTS[f"job.{status}"]

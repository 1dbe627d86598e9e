"""Messages and the channels that deliver them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from upscaler.services.notifications.outcome import Outcome


@dataclass(frozen=True)
class Message:
    """One message to one recipient.

    Attributes:
        delivery_id: the same for every attempt.
        target: a URL or an e-mail address.
        payload: the event, as it was written when the job ended.
        language: of the person who sent the image.
        error: template and values of why the job failed, to be translated; None otherwise.
        result_url: a fresh signed link to the result; None without a result or without ``PUBLIC_URL``.
        page_url: the page of the job; None without ``PUBLIC_URL``.
    """

    delivery_id: str
    target: str
    payload: Mapping[str, Any]
    language: str | None
    error: tuple[str, Mapping[str, Any]] | None
    result_url: str | None
    page_url: str | None


class Channel(Protocol):
    """A way of delivery."""

    def deliver(self, message: Message) -> Outcome:
        """Make one attempt; a failure outside of this process is an outcome, not an exception."""

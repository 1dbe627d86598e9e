"""Webhooks: signed messages about ended jobs, sent to the URL given with the image. See ``docs/webhooks.md``."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException

from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

from upscaler.errors import InvalidCallbackUrl
from upscaler.services.notifications import recipients, signing
from upscaler.services.notifications.message import Message
from upscaler.services.notifications.outcome import Outcome, Verdict
from upscaler.services.outbound.addresses import AddressPolicy
from upscaler.services.outbound.connection import (
    AddressRefusedError,
    RequestFailedError,
    Resolve,
    exchange,
    system_addresses,
)
from upscaler.version import __version__

# For one attempt, from the look-up of the name to the last byte of the response.
TIMEOUT_SECONDS = 15.0
# How much of a response is read. Only its beginning is shown to operators.
READ_BYTES = 4096
SHOWN_CHARACTERS = 300


@dataclass(frozen=True)
class WebhookChannel:
    """Sends webhooks.

    Attributes:
        secrets: those that sign, in the ``whsec_`` form.
        policy: which addresses may be reached.
        clock: seconds since 1970.
        resolve: returns the addresses of a name.
        tls: which certificates are trusted; None for those of the system.
        timeout_seconds: for one attempt.
    """

    secrets: list[str]
    policy: AddressPolicy
    clock: Callable[[], float]
    resolve: Resolve = system_addresses
    tls: ssl.SSLContext | None = None
    timeout_seconds: float = TIMEOUT_SECONDS

    def deliver(self, message: Message) -> Outcome:
        """Make one attempt."""
        body = json.dumps(event(message), ensure_ascii=False, separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"ImageUpscalerPro/{__version__}",
            **signing.headers(message.delivery_id, int(self.clock()), body, self.secrets),
        }
        try:
            with exchange(
                "POST",
                recipients.parse(message.target),
                self.policy,
                headers=headers,
                body=body,
                resolve=self.resolve,
                timeout_seconds=self.timeout_seconds,
                tls=self.tls,
            ) as response:
                return _judge(response.status, _excerpt(response))
        except AddressRefusedError:
            return Outcome(Verdict.FAILED, detail="the address or port is not one that webhooks may reach")
        except InvalidCallbackUrl as error:
            return Outcome(Verdict.FAILED, detail=error.detail)
        except RequestFailedError as error:
            return Outcome(Verdict.RETRY, detail=str(error))


def event(message: Message) -> dict[str, object]:
    """Return the body: the event as written when the job ended, with a newly signed link."""
    data = {**message.payload["data"], "job_url": message.page_url, "result_file": message.result_url}
    return {**message.payload, "data": data}


def _excerpt(response: HTTPResponse) -> bytes:
    # The status decides; a body that breaks off or never ends changes nothing.
    with suppress(OSError, HTTPError, HTTPException):
        return response.read(READ_BYTES, decode_content=False)
    return b""


def _judge(status: int, excerpt: bytes) -> Outcome:
    if 200 <= status < 300:
        return Outcome(Verdict.DELIVERED, status)
    if status == HTTPStatus.GONE:
        return Outcome(Verdict.GONE, status, "the recipient wants no more messages")
    # Redirects are not followed: they would lead to an address that was not checked.
    text = excerpt.decode("utf-8", "replace")
    shown = "".join(character if character.isprintable() else " " for character in text)
    return Outcome(Verdict.RETRY, status, shown[:SHOWN_CHARACTERS].strip())

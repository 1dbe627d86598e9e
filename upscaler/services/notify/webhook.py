"""Webhooks: the signed news of a job's end, sent to the URL that came with its picture. See ``docs/webhooks.md``."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from upscaler.errors import InvalidCallbackUrl
from upscaler.services.notify import signing, targets
from upscaler.services.notify.addresses import AddressPolicy
from upscaler.services.notify.connection import (
    AddressRefusedError,
    Answer,
    RequestFailedError,
    Resolve,
    post,
    system_addresses,
)
from upscaler.services.notify.letter import Letter
from upscaler.services.notify.outcome import Outcome, Verdict
from upscaler.version import __version__

# For one attempt, from the look-up of the name to the last byte of the answer.
TIMEOUT_SECONDS = 15.0
# How much of an answer is read. Only its beginning is shown to operators.
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

    def deliver(self, letter: Letter) -> Outcome:
        """Make one attempt."""
        body = json.dumps(event(letter), ensure_ascii=False, separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"ImageUpscalerPro/{__version__}",
            **signing.headers(letter.delivery_id, int(self.clock()), body, self.secrets),
        }
        try:
            answer = post(
                targets.parse(letter.target),
                body,
                headers,
                self.policy,
                resolve=self.resolve,
                timeout_seconds=self.timeout_seconds,
                excerpt_bytes=READ_BYTES,
                tls=self.tls,
            )
        except AddressRefusedError:
            return Outcome(Verdict.FAILED, detail="the address or port is not one that webhooks may reach")
        except InvalidCallbackUrl as error:
            return Outcome(Verdict.FAILED, detail=error.detail)
        except RequestFailedError as error:
            return Outcome(Verdict.RETRY, detail=str(error))
        return _judge(answer)


def event(letter: Letter) -> dict[str, object]:
    """Return what is sent: the event as it was when the job ended, with a link that is fresh now."""
    data = {**letter.payload["data"], "job_url": letter.page_url, "result_file": letter.result_url}
    return {**letter.payload, "data": data}


def _judge(answer: Answer) -> Outcome:
    if 200 <= answer.status < 300:
        return Outcome(Verdict.DELIVERED, answer.status)
    if answer.status == HTTPStatus.GONE:
        return Outcome(Verdict.GONE, answer.status, "the receiver wants no more messages")
    # Redirects are not followed: they would lead to an address that nobody has agreed to.
    text = answer.excerpt.decode("utf-8", "replace")
    shown = "".join(character if character.isprintable() else " " for character in text)
    return Outcome(Verdict.RETRY, answer.status, shown[:SHOWN_CHARACTERS].strip())

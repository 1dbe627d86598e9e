"""Checking that a webhook comes from the service (Standard Webhooks: HMAC-SHA256 over id, time and body)."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

from upscaler.client.errors import WebhookRejected

PREFIX = "whsec_"
SIGNATURE_VERSION = "v1"
# The age, in seconds, that the Standard Webhooks libraries accept: the clocks of two machines differ.
TOLERANCE_SECONDS = 300


def verify_webhook(
    body: bytes,
    headers: Mapping[str, str],
    secret: str,
    *,
    tolerance_seconds: int = TOLERANCE_SECONDS,
    now: float | None = None,
) -> dict[str, Any]:
    """Return the message of a webhook.

    Args:
        body: the bytes of the request exactly as they arrived.
        headers: the headers of the request; the case of their names does not matter.
        secret: the ``whsec_...`` secret that the operator gave you.
        tolerance_seconds: how far the time of the message may be from now, in either direction.
        now: seconds since 1970, in place of the clock.

    Raises:
        WebhookRejected: a header is missing, the signature is wrong, or the message is too old.
        ValueError: ``secret`` is not a secret of this form.

    """
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("the secret is not base64") from error
    if not key:
        raise ValueError("the secret is empty")
    given = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, sent, signatures = (
            given[name] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
        )
    except KeyError as error:
        raise WebhookRejected(f"the header {error} is missing") from error
    if not (sent.isascii() and sent.isdigit()):
        raise WebhookRejected("the time of the message cannot be read")
    if abs((time.time() if now is None else now) - int(sent)) > tolerance_seconds:
        raise WebhookRejected("the message is too old, or the clock of this machine is wrong")
    content = f"{message_id}.{sent}.".encode() + body
    wanted = base64.b64encode(hmac.digest(key, content, "sha256"))
    if not any(_matches(signature, wanted) for signature in signatures.split()):
        raise WebhookRejected("the signature does not belong to this message")
    message: dict[str, Any] = json.loads(body)
    return message


def _matches(signature: str, wanted: bytes) -> bool:
    version, _, value = signature.partition(",")
    return version == SIGNATURE_VERSION and hmac.compare_digest(value.encode(), wanted)

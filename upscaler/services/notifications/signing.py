"""Signatures of webhooks, as Standard Webhooks has them: HMAC-SHA256 over id, time and body."""

from __future__ import annotations

import base64
import hmac

PREFIX = "whsec_"
# Separates the derived secret from the other uses of SECRET_KEY.
_PURPOSE = b"imageupscalerpro webhook signing secret, version 1"


def derive(secret_key: str) -> str:
    """Return the ``whsec_`` secret that belongs to a ``SECRET_KEY``, for services without ``WEBHOOK_SECRET``."""
    return PREFIX + base64.b64encode(hmac.digest(secret_key.encode(), _PURPOSE, "sha256")).decode()


def headers(message_id: str, timestamp: int, body: bytes, secrets: list[str]) -> dict[str, str]:
    """Return the three headers of a message; ``timestamp`` is in seconds since 1970.

    With several secrets there are several signatures, so that recipients can change from one to the next at any
    time.
    """
    content = f"{message_id}.{timestamp}.".encode() + body
    signatures = (hmac.digest(_key(secret), content, "sha256") for secret in secrets)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(
            f"v1,{base64.b64encode(signature).decode()}" for signature in signatures
        ),
    }


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(PREFIX))

"""Idempotency records."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from tests.factories.base import stored
from upscaler.models import IdempotencyRecord, utcnow


def new_idempotency_record(session: Session, **values: Any) -> IdempotencyRecord:
    """Store the record of a request that is in progress."""
    usual = {
        "id": secrets.token_hex(32),
        "fingerprint": "0" * 64,
        "claim_token": secrets.token_hex(16),
        "lease_expires_at": utcnow() + timedelta(seconds=20),
    }
    return stored(session, IdempotencyRecord(**{**usual, **values}))

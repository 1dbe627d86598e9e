"""Idempotency records."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy.orm import Session

from tests.factories.base import stored
from upscaler.models import IdempotencyRecord


def new_kept_answer(session: Session, **values: Any) -> IdempotencyRecord:
    """Store the record of a request that is being processed."""
    usual = {"id": secrets.token_hex(32), "fingerprint": "0" * 64, "token": secrets.token_hex(16)}
    return stored(session, IdempotencyRecord(**{**usual, **values}))

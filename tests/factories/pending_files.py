"""Pending files: keys that are reserved, with or without a file."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy.orm import Session

from tests.factories.base import stored
from upscaler.models import PendingFile


def new_pending_file(session: Session, **values: Any) -> PendingFile:
    """Reserve a key."""
    usual = {"key": f"uploads/ab/upl_{secrets.token_hex(8)}.png"}
    return stored(session, PendingFile(**{**usual, **values}))

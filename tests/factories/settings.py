"""Runtime settings that an admin has changed."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from tests.factories.base import stored
from upscaler.models import Setting


def new_setting(session: Session, key: str = "queue_limit", value: Any = 7) -> Setting:
    """Store the value of a setting."""
    return stored(session, Setting(key=key, value=value))

"""Workers, as they register themselves."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy.orm import Session

from tests.factories.base import stored
from upscaler.models import Worker


def new_worker(session: Session, **values: Any) -> Worker:
    """Store a worker whose last heartbeat is now."""
    usual = {"id": f"host-{secrets.token_hex(4)}", "host": "host", "pid": 4711, "version": "1.2.3"}
    return stored(session, Worker(**{**usual, **values}))

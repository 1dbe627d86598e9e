"""The backoff of deliveries: the pauses between attempts to send a message."""

from __future__ import annotations

from datetime import timedelta

# The pause after each failed attempt. The first attempt is made at once; none follows after the last pause.
PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
)
MAX_ATTEMPTS = len(PAUSES) + 1


def pause_after(attempts: int) -> timedelta | None:
    """Return the pause after that many attempts; None after the last one."""
    return PAUSES[attempts - 1] if attempts <= len(PAUSES) else None

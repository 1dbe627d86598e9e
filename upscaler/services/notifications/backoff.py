"""When a message that did not arrive is sent again. This is the one place that says so."""

from __future__ import annotations

from datetime import timedelta

# After each failed attempt, how long until the next. The first attempt is made at once; after the last there is none.
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
    """Return how long to wait after that many attempts; None when there were enough."""
    return PAUSES[attempts - 1] if attempts <= len(PAUSES) else None

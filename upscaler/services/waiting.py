"""A bounded number of requests that wait: each holds a thread, and some threads must stay free for the others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class WaitingRoom:
    """Seats for those who wait.

    Args:
        seats: how many may wait at the same time.
    """

    def __init__(self, seats: int) -> None:
        self._seats = threading.BoundedSemaphore(seats)

    @contextmanager
    def seat(self) -> Iterator[bool]:
        """Hold a seat for the block; yield False, at once, where none is free."""
        has_seat = self._seats.acquire(blocking=False)
        try:
            yield has_seat
        finally:
            if has_seat:
                self._seats.release()

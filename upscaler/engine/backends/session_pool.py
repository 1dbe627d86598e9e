"""Sessions of one loaded model, of which each serves one thread at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

Session = TypeVar("Session")


class SessionPool(Generic[Session]):
    """Sessions of one model; the first is made at once, and another one whenever all of them are at work.

    Args:
        make: makes a session.
        keep: sessions that are kept while they are idle; those beyond were made for an urgent request.
    """

    def __init__(self, make: Callable[[], Session], keep: int) -> None:
        self._make = make
        self._keep = keep
        self._idle = [make()]
        self._lock = threading.Lock()

    @contextmanager
    def taken(self) -> Iterator[Session]:
        """Give a session to this thread until the block ends; one in whose block an error was raised is discarded."""
        with self._lock:
            session = self._idle.pop() if self._idle else None
        if session is None:
            session = self._make()
        yield session
        with self._lock:
            if len(self._idle) < self._keep:
                self._idle.append(session)

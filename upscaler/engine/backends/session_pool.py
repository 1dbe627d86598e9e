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
        spare: makes those beyond, where they are to be made another way.
    """

    def __init__(
        self, make: Callable[[], Session], keep: int, spare: Callable[[], Session] | None = None
    ) -> None:
        self._make = make
        self._keep = keep
        self._spare = spare or make
        self._idle = [make()]
        # Sessions that are kept, idle or at work.
        self._kept = 1
        self._lock = threading.Lock()

    @contextmanager
    def taken(self) -> Iterator[Session]:
        """Give a session to this thread until the block ends; one in whose block an error was raised is discarded."""
        with self._lock:
            session = self._idle.pop() if self._idle else None
            is_spare = session is None and self._kept >= self._keep
            if session is None and not is_spare:
                self._kept += 1
        works = False
        try:
            if session is None:
                session = self._spare() if is_spare else self._make()
            yield session
            works = True
        finally:
            with self._lock:
                if works and session is not None and not is_spare:
                    self._idle.append(session)
                elif not is_spare:
                    self._kept -= 1

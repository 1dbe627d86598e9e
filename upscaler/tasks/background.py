"""A thread of a worker that works until the worker stops."""

from __future__ import annotations

import contextlib
import threading
from abc import ABC, abstractmethod

# How long a stopping worker waits for a thread to finish what it has begun, in seconds.
STOP_SECONDS = 2.0


class BackgroundThread(ABC):
    """A thread that starts and stops with the worker; subclasses say what it does."""

    def __init__(self, name: str) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Start nothing more, and wait at most ``STOP_SECONDS`` for what was begun."""
        self._stopping.set()
        # A worker that stops before it has started has a thread that never ran.
        with contextlib.suppress(RuntimeError):
            self._thread.join(STOP_SECONDS)

    @abstractmethod
    def _work(self) -> None:
        """Work until ``self._stopping`` is set."""

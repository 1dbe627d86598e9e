"""A thread of a worker that goes on until the worker stops."""

from __future__ import annotations

import contextlib
import threading
from abc import ABC, abstractmethod

# How long a stopping worker waits for the end of what was begun, in seconds.
STOP_SECONDS = 2.0


class BackgroundThread(ABC):
    """Starts and ends; what it does in between is for its kinds to say."""

    def __init__(self, name: str) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing more, and wait a moment for the end of what was begun."""
        self._stopping.set()
        # A worker that stops before it has started has a thread that never ran.
        with contextlib.suppress(RuntimeError):
            self._thread.join(STOP_SECONDS)

    @abstractmethod
    def _work(self) -> None:
        """Work until ``self._stopping`` is set."""

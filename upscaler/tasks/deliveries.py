"""The threads of a worker that send notifications of ended jobs.

The consumer runs one task at a time, and a receiver may be slow to answer: sending must never delay an image. So it
happens beside the consumer, on every worker, and not as a task of the queue.
"""

from __future__ import annotations

import contextlib
import threading
import time

import structlog
from sqlalchemy.exc import SQLAlchemyError

from upscaler.services.notifications.sender import Sender

log = structlog.get_logger()

# Threads of one worker: a receiver that does not answer blocks one of them for its 15 seconds.
THREADS = 3
# How often one of them looks for due messages, in seconds. A job that ends on this worker wakes it at once.
LOOK_SECONDS = 3.0
MAINTENANCE_SECONDS = 600.0
# How long a stopping worker waits for a message on its way, in seconds. One that is cut off is sent again by another
# worker.
STOP_SECONDS = 1.0


class DeliveryThreads:
    """Threads that call a sender as long as messages are due."""

    def __init__(self, sender: Sender, look_seconds: float = LOOK_SECONDS) -> None:
        self._sender = sender
        self._look_seconds = look_seconds
        self._stopping = threading.Event()
        self._due = threading.Semaphore(0)
        self._maintained_at = float("-inf")
        self._threads = [
            threading.Thread(target=self._work, name=f"deliveries-{number}", args=(number == 0,), daemon=True)
            for number in range(THREADS)
        ]

    def start(self) -> None:
        """Start to send."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Have a thread look for due messages now."""
        self._due.release()

    def stop(self) -> None:
        """Start nothing more, and wait at most ``STOP_SECONDS`` for messages on their way."""
        self._stopping.set()
        self._due.release(len(self._threads))
        deadline = time.monotonic() + STOP_SECONDS
        for thread in self._threads:
            # A worker that stops before it has started has threads that never ran.
            with contextlib.suppress(RuntimeError):
                thread.join(max(0.0, deadline - time.monotonic()))

    def _work(self, is_first: bool) -> None:
        while not self._stopping.is_set():
            try:
                if is_first:
                    self._maintain()
                # A thread that has found a message wakes the next one, which looks for more meanwhile.
                while not self._stopping.is_set() and self._sender.send_next(self.wake):
                    pass
            except SQLAlchemyError:
                # The database may be unavailable for a moment. What was claimed is free again when its lease expires.
                log.warning("deliveries.failed", exc_info=True)
            except Exception:
                # Whatever is wrong with one message, the others need this thread.
                log.exception("deliveries.defect")
            # Only the first one polls: an idle worker has little to do.
            self._due.acquire(timeout=self._look_seconds if is_first else None)

    def _maintain(self) -> None:
        if time.monotonic() - self._maintained_at >= MAINTENANCE_SECONDS:
            self._sender.maintain()
            self._maintained_at = time.monotonic()

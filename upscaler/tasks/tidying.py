"""The thread of a worker that removes what processes before it have left behind, and what nobody needs any more."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping

import structlog
from sqlalchemy.exc import SQLAlchemyError

from upscaler.errors import StorageUnavailable

log = structlog.get_logger()

ROUND_SECONDS = 20.0
# How long a stopping worker waits for the end of a round.
STOP_SECONDS = 2.0


class TidyThread:
    """Does chores, one after another, again and again.

    Args:
        chores: by name; each is safe on every worker at once.
    """

    def __init__(self, chores: Mapping[str, Callable[[], None]]) -> None:
        self._chores = chores
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="tidying", daemon=True)

    def start(self) -> None:
        """Begin with a first round."""
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopping.set()
        # A worker that stops before it has started has a thread that never ran.
        with contextlib.suppress(RuntimeError):
            self._thread.join(STOP_SECONDS)

    def _work(self) -> None:
        while not self._stopping.is_set():
            for name, chore in self._chores.items():
                if not self._stopping.is_set():
                    self._do(name, chore)
            self._stopping.wait(ROUND_SECONDS)

    def _do(self, name: str, chore: Callable[[], None]) -> None:
        try:
            chore()
        except (SQLAlchemyError, StorageUnavailable):
            # Something is away for a moment; the next round tries again.
            log.warning("tidying.put_off", chore=name, exc_info=True)
        except Exception:
            # Whatever is wrong with one chore, the others need this thread.
            log.exception("tidying.defect", chore=name)

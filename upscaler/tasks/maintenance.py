"""The thread of a worker that removes what processes before it have left behind, and what nobody needs any more."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import structlog
from sqlalchemy.exc import SQLAlchemyError

from upscaler.errors import StorageUnavailable
from upscaler.tasks.background import BackgroundThread

log = structlog.get_logger()

ROUND_SECONDS = 20.0


class TidyThread(BackgroundThread):
    """Does chores, one after another, again and again.

    Args:
        chores: by name; each is safe on every worker at once.
    """

    def __init__(self, chores: Mapping[str, Callable[[], None]]) -> None:
        super().__init__("tidying")
        self._chores = chores

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

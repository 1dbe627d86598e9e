"""The thread of a worker that makes previews.

Previews are no task of the queue: the consumer runs one task at a time, and a preview must not wait for a job.
"""

from __future__ import annotations

import structlog
from sqlalchemy.exc import SQLAlchemyError

from upscaler.errors import StorageUnavailable
from upscaler.services.previews.runner import PreviewRunner
from upscaler.tasks.background import BackgroundThread

log = structlog.get_logger()

# How often it looks for a waiting preview, in seconds: a visitor waits for it.
LOOK_SECONDS = 0.5
# How long it waits after a failure, in seconds.
PAUSE_SECONDS = 5.0


class PreviewThread(BackgroundThread):
    """Calls a runner of previews as long as previews wait."""

    def __init__(self, runner: PreviewRunner) -> None:
        super().__init__("previews")
        self._runner = runner

    def _work(self) -> None:
        while not self._stopping.is_set():
            pause = LOOK_SECONDS
            try:
                while not self._stopping.is_set() and self._runner.run_next(self._stopping.is_set):
                    pass
            except (SQLAlchemyError, StorageUnavailable):
                # What was claimed is free again when its lease expires.
                log.warning("previews.failed", exc_info=True)
                pause = PAUSE_SECONDS
            except Exception:
                # Whatever is wrong with one preview, the next one needs this thread.
                log.exception("previews.defect")
                pause = PAUSE_SECONDS
            self._stopping.wait(pause)

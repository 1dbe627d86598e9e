"""The maintenance thread of a worker: it removes what ended processes have left behind and what has expired."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from upscaler.errors import StorageUnavailable
from upscaler.services.files import pending_files, workspace
from upscaler.services.jobs import retention
from upscaler.services.previews.runner import PreviewRunner
from upscaler.services.worker_registry import WorkerServices
from upscaler.tasks.background import BackgroundThread

log = structlog.get_logger()

ROUND_SECONDS = 20.0


class MaintenanceThread(BackgroundThread):
    """Runs maintenance tasks, one after another, in rounds.

    Args:
        tasks: by name; each is safe on every worker at once.
    """

    def __init__(self, tasks: Mapping[str, Callable[[], None]]) -> None:
        super().__init__("maintenance")
        self._tasks = tasks

    def _work(self) -> None:
        while not self._stopping.is_set():
            for name, task in self._tasks.items():
                if not self._stopping.is_set():
                    self._run(name, task)
            self._stopping.wait(ROUND_SECONDS)

    def _run(self, name: str, task: Callable[[], None]) -> None:
        try:
            task()
        except (SQLAlchemyError, StorageUnavailable):
            # The database or the storage is unavailable for a moment; the next round tries again.
            log.warning("maintenance.deferred", task=name, exc_info=True)
        except Exception:
            # Whatever is wrong with one task, the others need this thread.
            log.exception("maintenance.defect", task=name)


def maintenance_tasks(services: WorkerServices, previews: PreviewRunner) -> dict[str, Callable[[], None]]:
    """Return the maintenance tasks of a worker by name."""

    def with_session(call: Callable[[Session], None]) -> Callable[[], None]:
        def task() -> None:
            with services.sessions() as session:
                call(session)

        return task

    config, storage = services.config, services.storage
    age = timedelta(seconds=config.orphan_seconds)
    return {
        "previews": previews.purge,
        "pending_files": with_session(partial(pending_files.collect, storage=storage, age=age)),
        "tiles": with_session(services.tiles.collect),
        "scratch": partial(workspace.remove_abandoned, config.scratch_dir),
        "retention": with_session(partial(retention.purge, storage=storage, settings=services.settings)),
    }

"""The heartbeat thread of a worker: it keeps the worker registered and takes back jobs of workers that have ended."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from upscaler.services.jobs import reaper, workers
from upscaler.services.worker_registry import WorkerServices
from upscaler.tasks.background import BackgroundThread
from upscaler.tasks.engine_state import EngineState
from upscaler.version import __version__

log = structlog.get_logger()


class HeartbeatThread(BackgroundThread):
    """Registers the worker every ``HEARTBEAT_SECONDS``.

    Args:
        services: of the worker.
        worker_id: of the worker.
        engine_state: of the worker.
        current_job_id: returns the id of the job that it runs, None when it runs none.
    """

    def __init__(
        self,
        services: WorkerServices,
        worker_id: str,
        engine_state: EngineState,
        current_job_id: Callable[[], str | None],
    ) -> None:
        super().__init__("heartbeat")
        self._services = services
        self._worker_id = worker_id
        self._engine_state = engine_state
        self._current_job_id = current_job_id

    def deregister(self) -> None:
        """Note that the worker has stopped."""
        with self._services.sessions() as session:
            workers.deregister(session, self._worker_id)

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                self._beat()
            except SQLAlchemyError:
                # The database may be unavailable for a moment; the next beat tries again.
                log.warning("worker.heartbeat_failed", exc_info=True)
            except Exception:
                # Such as a disk that cannot be read: without this thread a worker that works would be taken for lost.
                log.exception("worker.heartbeat_defect")
            self._stopping.wait(workers.HEARTBEAT_SECONDS)

    def _beat(self) -> None:
        services = self._services
        with services.sessions() as session:
            workers.register(
                session,
                self._worker_id,
                version=__version__,
                backend=self._engine_state.report(),
                job_id=self._current_job_id(),
            )
            reaper.reap(session, services.queue, services.config.job_max_attempts)

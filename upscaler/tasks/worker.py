"""A worker: the task that the queue delivers, and the threads beside it."""

from __future__ import annotations

import os
import platform
import threading

import structlog
from huey import Huey

from config import Config
from upscaler.services.worker_registry import WorkerServices
from upscaler.tasks.deliveries import DeliveryThreads
from upscaler.tasks.engine_state import EngineState
from upscaler.tasks.heartbeat import HeartbeatThread
from upscaler.tasks.maintenance import MaintenanceThread, maintenance_tasks
from upscaler.tasks.previews import PreviewThread
from upscaler.tasks.queue import HueyQueue, build_huey, declare_run_job

log = structlog.get_logger()

# How long a stopping worker waits until its job is released, in seconds.
DRAIN_SECONDS = 5.0


class Worker:
    """A worker process.

    The queue's consumer runs jobs, one at a time. Beside it a thread sends heartbeats and reaps, another makes
    previews, a third does maintenance, and others send notifications.
    """

    def __init__(self, config: Config) -> None:
        self.worker_id = f"{platform.node()}-{os.getpid()}"
        self.huey: Huey = build_huey(config)
        queue = HueyQueue(self.huey, declare_run_job(self.huey, self.run_job))
        self._services = services = WorkerServices.from_config(config, queue=queue)
        self._runner = services.job_runner(self.worker_id)
        previews = services.preview_runner(self.worker_id)
        self._engine_state = EngineState(services, self.worker_id)
        self._heartbeat = HeartbeatThread(
            services, self.worker_id, self._engine_state, lambda: self._runner.current_job_id
        )
        self._previews = PreviewThread(previews)
        self._maintenance = MaintenanceThread(maintenance_tasks(services, previews))
        self._deliveries = DeliveryThreads(services.sender())

    def run_job(self, job_id: str) -> None:
        """Run the job that is next, which need not be the delivered one, and wake the sender of notifications."""
        log.debug("queue.delivered", job_id=job_id)
        self._runner.run_next()
        self._deliveries.wake()

    def start(self) -> None:
        """Register and start the threads."""
        for part in (self._heartbeat, self._deliveries, self._previews, self._maintenance):
            part.start()
        threading.Thread(target=self._engine_state.warm_up, name="warm-up", daemon=True).start()

    def stop(self) -> None:
        """Release the current job, end the engine process and deregister."""
        self._previews.stop()
        self._maintenance.stop()
        self._deliveries.stop()
        self._runner.drain(DRAIN_SECONDS)
        self._services.engine.close()
        self._heartbeat.stop()
        self._heartbeat.deregister()
        log.info("worker.stopped", worker_id=self.worker_id)

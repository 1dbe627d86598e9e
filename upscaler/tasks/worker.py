"""A worker: Huey's consumer runs the tasks.

Beside them a thread reports for duty and looks after lost jobs, another makes previews, a third tidies up, and others
send the news of jobs that have ended.
"""

from __future__ import annotations

import atexit
import logging
import os
import platform
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from huey import Huey
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

import config as configuration
from upscaler import logs
from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.model_zoo.model_folder import ModelFolder
from upscaler.engine.model_zoo.weights import is_installed
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.process.client import EngineLimits, EngineProcess
from upscaler.engine.settings import EngineSettings, available_threads
from upscaler.errors import EngineError
from upscaler.models.database import make_engine
from upscaler.services.files import pending_files, workspace
from upscaler.services.files.storages import build_storage
from upscaler.services.files.workspace import Workspace
from upscaler.services.jobs import reaper, retention, workers
from upscaler.services.jobs.runner import Folders, JobRunner
from upscaler.services.jobs.tile_cache import KeptTiles
from upscaler.services.previews.runner import PreviewRunner
from upscaler.services.settings.runtime import RuntimeSettings
from upscaler.storage import StorageSettingsError
from upscaler.tasks.deliveries import DeliveryThreads, build_sender
from upscaler.tasks.maintenance import TidyThread
from upscaler.tasks.previews import PreviewThread
from upscaler.tasks.queue import HueyQueue, build_huey, declare_run_job
from upscaler.version import __version__

log = structlog.get_logger()

# How long a stopping worker waits for its job to be handed back, in seconds.
DRAIN_SECONDS = 5.0


class WorkerDuty:
    """Everything one worker process does, made from the settings."""

    def __init__(self, config: configuration.Config) -> None:
        self.worker_id = f"{platform.node()}-{os.getpid()}"
        self._config = config
        self.huey: Huey = build_huey(config)
        self._sessions = sessionmaker(make_engine(config.database_uri), expire_on_commit=False)
        self._engine = EngineProcess(engine_settings(config), engine_limits(config), config.scratch_dir)
        self._queue = HueyQueue(self.huey, declare_run_job(self.huey, self.run_job))
        self._storage = build_storage(config, "worker")
        self._settings = RuntimeSettings(config)
        tiles = KeptTiles(config.scratch_dir / "tiles", config.kept_tiles_bytes)
        folders = Folders(Workspace(config.scratch_dir), tiles, config.models_dir)
        self._runner = JobRunner(
            self._sessions,
            self._storage,
            self._engine,
            self._queue,
            worker_id=self.worker_id,
            folders=folders,
            lease_seconds=config.lease_seconds,
            max_attempts=config.job_max_attempts,
        )
        previews = PreviewRunner(
            self._sessions, self._storage, self._engine, worker_id=self.worker_id, folders=folders
        )
        self._previews = PreviewThread(previews)
        self._tidying = TidyThread(
            {
                "previews": previews.purge,
                "orphans": self._sweep_orphans,
                "tiles": partial(self._with_session, tiles.sweep),
                "scratch": partial(workspace.sweep, config.scratch_dir),
                "images": self._purge_images,
            }
        )
        self._deliveries = DeliveryThreads(build_sender(config, self._sessions))
        # Why the engine could not start.
        self._trouble: dict[str, Any] = {}
        self._stopping = threading.Event()
        self._started = threading.Lock()
        self._watch_thread = threading.Thread(target=self._watch, name="watch", daemon=True)

    def run_job(self, job_id: str) -> None:
        """Run the job whose turn it is, which need not be the one that was delivered, and have the news of it sent."""
        log.debug("queue.delivered", job_id=job_id)
        self._runner.run_next()
        self._deliveries.nudge()

    def start(self) -> None:
        """Report for duty; called by every thread of the consumer, effective once."""
        if not self._started.acquire(blocking=False):
            return
        # The consumer has given its logger a handler of its own by now; ours has every line already.
        logging.getLogger("huey").handlers.clear()
        atexit.register(self.stop)
        self._watch_thread.start()
        self._deliveries.start()
        self._previews.start()
        self._tidying.start()
        threading.Thread(target=self._warm_up, name="warm-up", daemon=True).start()

    def stop(self) -> None:
        """Hand back the current job, end the engine process and sign off."""
        self._stopping.set()
        self._previews.stop()
        self._tidying.stop()
        self._deliveries.stop()
        self._runner.drain(DRAIN_SECONDS)
        self._engine.close()
        self._watch_thread.join(timeout=1)
        with self._sessions() as session:
            workers.sign_off(session, self.worker_id)
        log.info("worker.stopped", worker_id=self.worker_id)

    def _watch(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._sessions() as session:
                    workers.report(
                        session,
                        self.worker_id,
                        version=__version__,
                        backend=self._backend(),
                        job_id=self._runner.current_job_id,
                    )
                    reaper.reap(session, self._queue, self._config.job_max_attempts)
            except SQLAlchemyError:
                # The database may be away for a moment; the next round tries again.
                log.warning("worker.watch_failed", exc_info=True)
            self._stopping.wait(workers.HEARTBEAT_SECONDS)

    def _sweep_orphans(self) -> None:
        age = timedelta(seconds=self._config.orphan_seconds)
        self._with_session(partial(pending_files.sweep, storage=self._storage, age=age))

    def _purge_images(self) -> None:
        self._with_session(partial(retention.purge, storage=self._storage, settings=self._settings))

    def _with_session(self, call: Callable[[Session], None]) -> None:
        with self._sessions() as session:
            call(session)

    def _backend(self) -> dict[str, Any]:
        """Return what the registry shows of the engine: little until it has looked at this machine."""
        state = self._engine.state
        known = state if "engine" in state else {**state, **self._trouble}
        return {**known, "models": installed_models(self._config.models_dir)}

    def _warm_up(self) -> None:
        try:
            self._engine.warm_up(UpscaleOptions(factor="2x"))
            log.info("worker.ready", worker_id=self.worker_id, **self._engine.describe())
        except EngineError as error:
            self._trouble = {"reason": error.detail}
            log.warning("worker.engine_unavailable", worker_id=self.worker_id, reason=error.detail)


def installed_models(models_dir: Path) -> list[str]:
    """Return the names of the networks that lie on this host: those of the catalogue, and what was added."""
    bundled = [model.name for model in MODELS.values() if is_installed(model)]
    return sorted({*bundled, *ModelFolder(models_dir).names()})


def engine_settings(config: configuration.Config) -> EngineSettings:
    """Return what the operator decided about the engine."""
    return EngineSettings(
        engine=config.engine,
        threads=config.engine_threads or available_threads(),
        tile_pixels=config.engine_tile,
        gpu_index=config.engine_gpu,
        models_dir=str(config.models_dir),
    )


def engine_limits(config: configuration.Config) -> EngineLimits:
    """Return what one job may take."""
    return EngineLimits(timeout_seconds=config.job_timeout_seconds, memory_bytes=config.job_memory_bytes)


def _log_file(config: configuration.Config) -> Path:
    """Return the worker's own log: two processes cannot rotate one file."""
    number = f"-{config.worker_number}" if config.worker_number > 1 else ""
    return config.logs_dir / f"worker{number}.log"


def build_worker_huey() -> Huey:
    """Make this process a worker and return the queue that its consumer serves.

    Ends the process with one line when a setting cannot be used.
    """
    try:
        config = configuration.load()
        logs.configure(config.log_level, config.log_format, _log_file(config))
        duty = WorkerDuty(config)
    except (configuration.ConfigError, StorageSettingsError) as error:
        raise SystemExit(f"The worker cannot start: {error}") from None
    duty.huey.on_startup("report_for_duty")(duty.start)
    return duty.huey

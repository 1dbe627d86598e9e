"""The state of a worker's engine, for the registry of workers."""

from __future__ import annotations

from typing import Any

import structlog

from upscaler.engine.options import UpscaleOptions
from upscaler.errors import EngineError
from upscaler.services.models.installed import installed_models
from upscaler.services.worker_registry import WorkerServices

log = structlog.get_logger()


class EngineState:
    """Starts the engine of a worker ahead of its first job, and reports what it runs on."""

    def __init__(self, services: WorkerServices, worker_id: str) -> None:
        self._engine = services.engine
        self._models_dir = services.config.models_dir
        self._worker_id = worker_id
        self._failure: dict[str, Any] = {}

    def warm_up(self) -> None:
        """Start the engine process, and keep the reason when it cannot start."""
        try:
            self._engine.warm_up(UpscaleOptions(factor="2x"))
            log.info("worker.ready", worker_id=self._worker_id, **self._engine.describe())
        except EngineError as error:
            self._failure = {"reason": error.internal_detail}
            log.warning("worker.engine_unavailable", worker_id=self._worker_id, reason=error.internal_detail)

    def report(self) -> dict[str, Any]:
        """Return engine, device and models; before the engine has examined this machine, only what is known."""
        state = self._engine.state
        known = state if "engine" in state else {**state, **self._failure}
        return {**known, "models": installed_models(self._models_dir)}

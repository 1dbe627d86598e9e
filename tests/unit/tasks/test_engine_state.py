from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from config import load
from tests.support.face_models import add_face_model
from upscaler.engine.model_zoo.model_folder import ModelFolder
from upscaler.errors import EngineUnavailable
from upscaler.services.worker_registry import WorkerServices
from upscaler.tasks.engine_state import EngineState


@pytest.fixture
def services(tmp_path: Path) -> Iterator[WorkerServices]:
    """The services of a worker with the fast engine."""
    config = load({"DATA_DIR": str(tmp_path), "ENGINE": "lanczos", "ENGINE_THREADS": "1"}, env_file=None)
    services = WorkerServices.from_config(config)
    yield services
    services.engine.close()


class BrokenEngine:
    """An engine that cannot start; what it knows of the machine may come later."""

    def __init__(self) -> None:
        self.state: dict[str, object] = {"threads": 2}

    def warm_up(self, _options: object) -> None:
        raise EngineUnavailable("no weights")


def test_models_are_reported_from_the_first_heartbeat_and_the_device_once_it_is_known(
    services: WorkerServices,
) -> None:
    state = EngineState(services, "w-1")
    assert set(state.report()) == {"models"}
    assert "realesrgan-x4plus" in state.report()["models"]

    state.warm_up()

    report = state.report()
    assert report["engine"] == "lanczos"
    assert report["threads"] == 1
    assert "reason" not in report


def test_a_model_that_is_added_while_it_runs_is_reported(services: WorkerServices) -> None:
    state = EngineState(services, "w-1")
    assert "mine" not in state.report()["models"]

    add_face_model(ModelFolder(services.config.models_dir), "mine", side=256)

    assert "mine" in state.report()["models"]


def test_an_engine_that_cannot_start_is_reported_with_the_reason_until_it_can(
    services: WorkerServices,
) -> None:
    engine = BrokenEngine()
    services.__dict__["engine"], started = engine, services.engine
    state = EngineState(services, "w-1")

    state.warm_up()

    assert {**state.report(), "models": []} == {"threads": 2, "reason": "no weights", "models": []}
    engine.state = {"engine": "openvino", "device": "a CPU"}
    assert "reason" not in state.report()
    services.__dict__["engine"] = started

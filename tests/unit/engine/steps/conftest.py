"""Jobs whose steps are run one by one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from upscaler.engine.devices.attempts import AttemptLog
from upscaler.engine.faces.restore import FaceModels
from upscaler.engine.imaging.formats import format_named
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.progress import Progress
from upscaler.engine.settings import EngineSettings
from upscaler.engine.steps.job import Job
from upscaler.engine.tiling.scratch import Scratch
from upscaler.engine.tiling.upscaler import Upscaler


@pytest.fixture
def job(tmp_path: Path, lanczos: Upscaler) -> Callable[..., Job]:
    """Return a maker of jobs of the fast engine, to PNG."""

    def make(source: Path, options: UpscaleOptions | None = None, **more: Any) -> Job:
        values: dict[str, Any] = {
            "target": tmp_path / "target",
            "previews": None,
            "face_models": FaceModels(EngineSettings(threads=1)),
            "progress": Progress(lambda _: None),
            "kind": format_named("png"),
        }
        return Job(
            source=source,
            options=options or UpscaleOptions("2x"),
            upscaler=lanczos,
            scratch=Scratch(tmp_path),
            should_stop=lambda: False,
            attempts=AttemptLog(),
            **{**values, **more},
        )

    return make

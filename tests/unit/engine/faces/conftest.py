"""A face, the detector, and whole upscaled images with face models of a few weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from skimage import data

from upscaler.engine.faces.mtcnn import Mtcnn
from upscaler.engine.model_zoo.model_folder import ModelFolder
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.pipeline import Engine, upscale_file
from upscaler.engine.settings import EngineSettings
from upscaler.engine.tiling.scratch import Scratch
from upscaler.engine.tiling.upscaler import Upscaler


@pytest.fixture(scope="session")
def detector() -> Mtcnn:
    return Mtcnn(1)


@pytest.fixture(scope="session")
def portrait() -> NDArray[np.uint8]:
    """Return (190, 170, 3): Eileen Collins's face, with eyes 43 pixels apart around (86, 82)."""
    return np.ascontiguousarray(data.astronaut()[20:210, 140:310])


@pytest.fixture
def models(tmp_path: Path) -> ModelFolder:
    return ModelFolder(tmp_path / "models")


@dataclass
class Run:
    """A result: its receipt, its pixels and the SHA-256 of its file."""

    receipt: dict[str, Any]
    pixels: NDArray[Any]
    sha256: str
    image: Image.Image

    @property
    def faces(self) -> dict[str, Any]:
        return self.receipt["faces"]


@pytest.fixture
def run(tmp_path: Path, models: ModelFolder) -> Callable[..., Run]:
    """Upscale with the fast engine, or with given models; faces are refined unless the options say otherwise."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    def upscale(photo: NDArray[Any] | Image.Image, factor: str = "2x", **more: Any) -> Run:
        source, target = tmp_path / "source.png", tmp_path / "target.png"
        image = Image.fromarray(photo) if isinstance(photo, np.ndarray) else photo
        image.save(source)
        listeners = {name: more.pop(name) for name in ("on_progress", "should_stop") if name in more}
        upscaler = more.pop("upscaler", None) or Upscaler(
            EngineSettings(engine="lanczos", threads=1, models_dir=str(models.root))
        )
        options = UpscaleOptions(factor, **{"refine_faces": True, **more})
        result = upscale_file(
            source, target, None, options, Engine(upscaler), scratch=Scratch(scratch), **listeners
        )
        assert list(scratch.iterdir()) == [], "scratch files have no names"
        with Image.open(target) as opened:
            opened.load()
        return Run(result.receipt, np.asarray(opened).astype(int), result.sha256, opened)

    return upscale

"""Images through models that an operator added."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.engine import upscale
from tests.support.small_models import kernel, write_ncnn, write_onnx
from upscaler.engine.imaging.hashing import sha256_of
from upscaler.engine.model_zoo.custom_model import FILES, LEVELS, NCNN, ONNX, Findings, Manifest
from upscaler.engine.model_zoo.model_folder import ModelFolder
from upscaler.engine.model_zoo.recipe_builder import recipe_for
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.pipeline import Engine, upscale_file
from upscaler.engine.settings import EngineSettings
from upscaler.engine.tiling.scratch import Scratch
from upscaler.engine.tiling.upscaler import Upscaler
from upscaler.errors import UnknownModel


@pytest.fixture
def models(tmp_path: Path) -> ModelFolder:
    """Three models, as they are after they were examined."""
    folder = ModelFolder(tmp_path / "models")

    def add(name: str, kind: str, findings: Findings, write: Callable[[Path], object]) -> None:
        staging = folder.staging()
        write(staging)
        hashes = {file: sha256_of(staging / file) for file in FILES[kind]}
        folder.put(staging, Manifest(name, kind, hashes, "MIT", findings))

    add("three", ONNX, Findings(3, 3, "x", "y", overlap=8), lambda at: write_onnx(at / "model.onnx", 3))
    add(
        "fixed",
        ONNX,
        Findings(2, 3, "x", "y", overlap=8, minimum_side=64, maximum_side=64, multiple=64),
        lambda at: write_onnx(at / "model.onnx", shape=(1, 3, 64, 64)),
    )
    add(
        "gray-pair",
        NCNN,
        Findings(2, 3, "in", "out", LEVELS, LEVELS, overlap=8),
        lambda at: write_ncnn(at, middle="Clip clip 1 1 c d 0=0.0 1=255.0", stem="model"),
    )
    return folder


def upscaler_of(models: ModelFolder, tile: int = 0) -> Upscaler:
    return Upscaler(EngineSettings(threads=1, tile_pixels=tile, models_dir=str(models.root)))


def expected(image: np.ndarray, scale: int) -> np.ndarray:
    """Compute the small model by hand: a blur, then each pixel ``scale`` times along both sides."""
    blur = kernel(1, 1)[0, 0]
    height, width, _ = image.shape
    padded = np.pad(image.astype(np.float64), ((1, 1), (1, 1), (0, 0)), mode="reflect")
    total = sum(
        blur[down, right] * padded[down : down + height, right : right + width]
        for down in range(3)
        for right in range(3)
    )
    return np.rint(np.kron(total, np.ones((scale, scale, 1))))


@pytest.mark.parametrize(("name", "scale"), [("three", 3), ("fixed", 2), ("gray-pair", 2)])
def test_tiles_of_a_custom_model_leave_no_border(models: ModelFolder, name: str, scale: int) -> None:
    image = np.random.default_rng(3).integers(0, 256, (75, 101, 3)).astype(np.uint8)
    tiled = upscaler_of(models, tile=40)
    recipe = recipe_for(UpscaleOptions(f"{scale}x", model=name), model=tiled.model_named(name))

    result = upscale(tiled.suited_to(recipe, deep=True), image, recipe)

    # The model is known, so this is the image without tiles; bfloat16 has no part in it.
    assert np.abs(result - expected(image, scale)).max() <= 1


def test_a_job_takes_the_named_model_and_the_receipt_says_so(
    models: ModelFolder, tmp_path: Path, colours: Callable[[int, int], np.ndarray]
) -> None:
    source, target = tmp_path / "in.png", tmp_path / "out.png"
    image = np.dstack([colours(60, 50), np.full((50, 60), 255, np.uint8)])
    image[10:30, 10:30, 3] = 90
    Image.fromarray(image, "RGBA").save(source)

    result = upscale_file(
        source,
        target,
        None,
        UpscaleOptions("4x", "standard", model="three"),
        Engine(upscaler_of(models)),
        scratch=Scratch(tmp_path),
    )

    assert (result.width, result.height) == (240, 200)
    receipt = result.receipt
    assert receipt["model"] == "three-6x"
    assert [model["name"] for model in receipt["models"]] == ["three", "waifu2x-upconv7-photo"]
    assert receipt["models"][0]["licence"] == "MIT"
    assert receipt["models"][0]["bin_sha256"] == models.find("three").sha256["model.onnx"]
    assert receipt["backend"]["engine"] == "openvino"
    assert receipt["options"]["model"] == "three"


def test_nobody_upscales_with_a_model_that_is_not_there(models: ModelFolder) -> None:
    for folder in (str(models.root), ""):
        with pytest.raises(UnknownModel):
            Upscaler(EngineSettings(threads=1, models_dir=folder)).model_named("absent")

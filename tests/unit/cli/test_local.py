from __future__ import annotations

import signal
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.small_models import write_onnx
from upscaler.cli.arguments import build_parser
from upscaler.cli.interruption import Interruption
from upscaler.cli.local import LocalUpscaler
from upscaler.cli.staging import StagedImage
from upscaler.cli.upscaling import UpscaleFailed, UpscaleInterrupted
from upscaler.engine.model_zoo.custom_model import ONNX, Findings, Manifest, Use
from upscaler.engine.model_zoo.model_folder import ModelFolder
from upscaler.engine.options import UpscaleOptions

Planned = Callable[..., StagedImage]


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which temporary files are made."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def planned(tmp_path: Path) -> Planned:
    """Return a maker of planned images."""

    def make(image: Image.Image, name: str = "a.png") -> StagedImage:
        image.save(tmp_path / name)
        return StagedImage(tmp_path / name, tmp_path / "out.png", name)

    return make


def upscaler(models_dir: Path, *arguments: str, options: UpscaleOptions | None = None) -> LocalUpscaler:
    given = build_parser().parse_args(["--threads", "1", *arguments])
    return LocalUpscaler(options or UpscaleOptions("2x"), given, models_dir, models_dir.parent / "cache")


def test_a_result_has_its_size_and_a_sentence_for_each_change(
    planned: Planned, tmp_path: Path, scratch: Path
) -> None:
    deep = Image.fromarray(np.full((4, 6), 3000, np.uint16))
    image = planned(deep)
    done: list[float] = []
    options = UpscaleOptions("2x", output_format="webp")

    result = upscaler(tmp_path / "models", "--engine", "lanczos", options=options).upscale(
        image, done.append, Interruption()
    )

    assert (result.width, result.height) == (12, 8)
    assert "Colour depth reduced from 16 to 8 bits per channel" in result.changed
    with Image.open(image.target) as written:
        assert (written.format, written.size) == ("WEBP", (12, 8))
    assert done == sorted(done)
    assert done[-1] == 1
    assert list(scratch.iterdir()) == []


def test_an_interruption_leaves_no_file(planned: Planned, tmp_path: Path, scratch: Path) -> None:
    image = planned(Image.new("RGB", (200, 100)))
    done: list[float] = []
    interrupted = Interruption()

    def show(share: float) -> None:
        done.append(share)
        if len(done) == 3:
            interrupted.receive(signal.SIGTERM)

    with pytest.raises(UpscaleInterrupted):
        upscaler(tmp_path / "models", "--engine", "lanczos", "--tile", "32").upscale(image, show, interrupted)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "scratch"]
    assert list(scratch.iterdir()) == []


def test_a_failure_has_the_reason_for_the_operator(planned: Planned, tmp_path: Path) -> None:
    image = planned(Image.new("RGB", (8, 6)))
    options = UpscaleOptions("2x", model="absent")

    with pytest.raises(UpscaleFailed, match='no model "absent"'):
        upscaler(tmp_path / "models", options=options).upscale(image, lambda _: None, Interruption())

    image.source.write_bytes(b"")
    with pytest.raises(UpscaleFailed, match="This file is empty"):
        upscaler(tmp_path / "models").upscale(image, lambda _: None, Interruption())


def test_an_added_model_serves_the_choice_that_it_was_added_for(planned: Planned, tmp_path: Path) -> None:
    models = ModelFolder(tmp_path / "models")
    staging = models.staging()
    write_onnx(staging / "model.onnx", 2)
    # Its file is not the one that was examined, so that its use shows.
    findings = Findings(scale=2, channels=3, input="x", output="y")
    models.put(staging, Manifest("mine", ONNX, {"model.onnx": "0" * 64}, "", findings, (Use("art", "2x"),)))
    image = planned(Image.new("RGB", (8, 6), "teal"))

    def upscale(preset: str) -> None:
        options = UpscaleOptions("2x", preset)
        upscaler(models.root, "--engine", "openvino", options=options).upscale(
            image, lambda _: None, Interruption()
        )

    upscale("standard")
    with pytest.raises(UpscaleFailed, match="model mine"):
        upscale("art")

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.face_models import write_face_model
from tests.support.small_models import write_onnx
from upscaler.engine.model_import.examine import examine
from upscaler.engine.model_import.importer import import_model
from upscaler.engine.model_import.probe import ProbeLimits
from upscaler.engine.model_zoo.custom_model import FACES, ONNX, SIGNED, UPSCALING, Manifest, Use
from upscaler.engine.settings import EngineSettings
from upscaler.errors import ModelRefused

SETTINGS = EngineSettings(threads=1)


@pytest.mark.parametrize("side", [256, 512])
def test_a_face_model_is_known_by_its_form(tmp_path: Path, side: int) -> None:
    write_face_model(tmp_path / "model.onnx", side=side)

    found = examine(tmp_path, ONNX, SETTINGS)

    assert (found.purpose, found.scale, found.channels) == (FACES, 1, 3)
    assert (found.minimum_side, found.maximum_side, found.multiple) == (side, side, side)
    assert (found.input_range, found.output_range) == (SIGNED, SIGNED)
    manifest = Manifest("a", ONNX, {"model.onnx": "0" * 64}, "", found)
    assert Manifest.from_dict(manifest.as_dict()) == manifest


def test_a_model_that_upscales_such_a_square_is_none(tmp_path: Path) -> None:
    write_onnx(tmp_path / "model.onnx", 2, shape=(1, 3, 256, 256))

    assert examine(tmp_path, ONNX, SETTINGS).purpose == UPSCALING


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"factor": 0.0}, "the same colour for every"),
        ({"factor": float("nan")}, "not finite"),
        ({"factor": 255.0}, "between -1 and 1"),
    ],
)
def test_a_broken_one_is_refused(tmp_path: Path, broken: dict[str, float], reason: str) -> None:
    write_face_model(tmp_path / "model.onnx", **broken)

    with pytest.raises(ModelRefused, match=reason):
        examine(tmp_path, ONNX, SETTINGS)


def test_it_serves_no_preset(tmp_path: Path) -> None:
    path = write_face_model(tmp_path / "gfp.onnx")
    staging = tmp_path / "staging"
    staging.mkdir()

    with pytest.raises(ModelRefused, match="restores faces"):
        import_model(
            [("gfp.onnx", path)],
            staging,
            name="gfp",
            licence="",
            uses=(Use("face", "4x"),),
            max_bytes=10**6,
            limits=ProbeLimits(threads=1),
        )

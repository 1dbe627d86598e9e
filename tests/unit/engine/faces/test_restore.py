from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.face_models import add_face_model
from upscaler.engine.faces.restore import FaceModel, FaceModels, active_face_model
from upscaler.engine.model_zoo.custom_model import MANIFEST, SERVICE, UPSCALING
from upscaler.engine.model_zoo.model_folder import ModelFolder
from upscaler.engine.settings import EngineSettings
from upscaler.errors import EngineUnavailable, OutputRejected

Planes = NDArray[np.float32]
FACE = np.linspace(0, 255, 256 * 256 * 3, dtype=np.float32).reshape(256, 256, 3)


@pytest.fixture
def face_model(models: ModelFolder) -> Callable[[Callable[[Planes], Planes]], FaceModel]:
    """Return a maker of a model whose runner is given."""
    model = add_face_model(models, side=256).model(models.folder("faces"))
    return lambda runner: FaceModel(model, runner)


def test_levels_go_in_from_minus_one_to_one_and_come_back(face_model) -> None:
    seen: list[Planes] = []

    def same(planes: Planes) -> Planes:
        seen.append(planes)
        return planes * 1.5

    result = face_model(same).restore(FACE)

    assert (seen[0].shape, seen[0].min(), seen[0].max()) == ((1, 3, 256, 256), -1, 1)
    np.testing.assert_allclose(result, np.clip((FACE - 127.5) * 1.5 + 127.5, 0, 255), atol=1e-3)


def _crash(_: Planes) -> Planes:
    raise RuntimeError("device lost")


@pytest.mark.parametrize(
    ("runner", "reason"),
    [
        (lambda planes: planes[:, :, 1:], "gave no image"),
        (lambda planes: planes * np.float32("nan"), "gave no image"),
        (_crash, "device lost"),
    ],
    ids=["shape", "not finite", "crash"],
)
def test_a_broken_result_is_rejected(face_model, runner: Callable[[Planes], Planes], reason: str) -> None:
    with pytest.raises(OutputRejected) as caught:
        face_model(runner).restore(FACE)

    assert reason in caught.value.values["reason"]


def test_the_services_own_model_comes_before_those_of_the_host(models: ModelFolder) -> None:
    def active() -> str | None:
        model = active_face_model(str(models.root))
        return model and model.name

    assert active_face_model("") is None
    assert active() is None
    b, a = add_face_model(models, "b", side=256), add_face_model(models, "a", side=256)
    assert active() == "a"
    models.update(replace(b, source=SERVICE))
    assert active() == "b"
    models.update(replace(b, active=False))
    assert active() == "a"
    models.update(replace(a, findings=replace(a.findings, purpose=UPSCALING)))
    assert active() is None


def test_a_model_that_cannot_be_read_hides_no_other_one(models: ModelFolder) -> None:
    for name in ("a", "b"):
        add_face_model(models, name, side=256)
    (models.folder("a") / MANIFEST).write_text("{")

    model = active_face_model(str(models.root))

    assert model is not None
    assert model.name == "b"


def test_a_restorer_stays_loaded_until_its_model_changes(models: ModelFolder) -> None:
    loaded = FaceModels(EngineSettings(threads=1, models_dir=str(models.root)))
    assert loaded.restorer() is None
    add_face_model(models, "b", side=256)
    first = loaded.restorer()
    assert first is not None
    assert loaded.restorer() is first

    add_face_model(models, "a", side=256)

    second = loaded.restorer()
    assert second is not None
    assert second.model.name == "a"
    models.remove("a")
    models.remove("b")
    assert loaded.restorer() is None


def test_a_damaged_model_is_reported(models: ModelFolder) -> None:
    add_face_model(models, side=256)
    path: Path = models.folder("faces") / "model.onnx"
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(EngineUnavailable, match="missing or damaged"):
        FaceModels(EngineSettings(threads=1, models_dir=str(models.root))).restorer()

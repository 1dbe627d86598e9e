from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from upscaler.engine.imaging.hashing import sha256_of
from upscaler.engine.model_zoo.custom_model import MANIFEST, ONNX, Findings, Manifest, Use
from upscaler.engine.model_zoo.model_folder import ModelFolder, serving
from upscaler.engine.options import UpscaleOptions
from upscaler.errors import ModelConflict, ModelNotFound


@pytest.fixture
def models(tmp_path: Path) -> ModelFolder:
    return ModelFolder(tmp_path / "models")


def put(
    models: ModelFolder, name: str = "mine", content: bytes = b"weights", *, instead: bool = False
) -> Manifest:
    """Put a model into the folder; nothing here reads its file."""
    staging = models.staging()
    (staging / "model.onnx").write_bytes(content)
    hashes = {"model.onnx": sha256_of(staging / "model.onnx")}
    manifest = Manifest(name, ONNX, hashes, "MIT", Findings(2, 3, "x", "y"), (Use("photo", "2x"),))
    models.put(staging, manifest, instead=instead)
    return manifest


def test_a_folder_that_is_not_there_holds_nothing(models: ModelFolder) -> None:
    assert models.names() == []
    with pytest.raises(ModelNotFound):
        models.find("mine")
    with pytest.raises(ModelNotFound):
        models.remove("mine")


def test_models_are_listed_by_name_and_unfinished_ones_are_not(models: ModelFolder) -> None:
    b, a = put(models, "b"), put(models, "a")
    (models.staging() / MANIFEST).write_text("{}")
    (models.root / "empty").mkdir()

    assert models.names() == ["a", "b"]
    assert (models.find("a"), models.find("b")) == (a, b)
    assert sorted(entry.name for entry in models.folder("a").iterdir()) == [MANIFEST, "model.onnx"]


@pytest.mark.parametrize("name", ["..", "../models/mine", "", "."])
def test_a_name_cannot_leave_the_folder(models: ModelFolder, name: str) -> None:
    put(models)

    with pytest.raises(ModelNotFound):
        models.find(name)
    with pytest.raises(ModelNotFound):
        models.remove(name)
    assert models.names() == ["mine"]


@pytest.mark.parametrize("text", ["", "{}", "[]", "{"])
def test_a_damaged_manifest_is_not_found(models: ModelFolder, text: str) -> None:
    put(models)
    (models.folder("mine") / MANIFEST).write_text(text)

    with pytest.raises(ModelNotFound):
        models.find("mine")


def test_a_second_model_of_a_name_needs_to_be_put_instead(models: ModelFolder) -> None:
    first = put(models)
    with pytest.raises(ModelConflict):
        put(models, content=b"others")
    assert models.find("mine") == first

    second = put(models, content=b"others", instead=True)

    assert models.find("mine") == second != first
    assert models.holds(second)
    assert not models.holds(first)


def test_a_changed_or_missing_file_is_not_held(models: ModelFolder) -> None:
    manifest = put(models)
    assert models.holds(manifest)

    (models.folder("mine") / "model.onnx").write_bytes(b"damaged")
    assert not models.holds(manifest)
    (models.folder("mine") / "model.onnx").unlink()
    assert not models.holds(manifest)
    models.remove("mine")
    assert not models.holds(manifest)
    assert list(models.root.iterdir()) == []


def test_an_updated_manifest_is_found_and_leaves_no_part(models: ModelFolder) -> None:
    manifest = replace(put(models), active=False)

    models.update(manifest)

    assert models.find("mine") == manifest
    assert len(list(models.folder("mine").iterdir())) == 2


@pytest.mark.parametrize(
    ("options", "model"),
    [
        (UpscaleOptions("2x", "photo"), "mine"),
        (UpscaleOptions("4x", "photo"), None),
        (UpscaleOptions("2x", "art"), None),
        (UpscaleOptions("2x", "photo", detail=50), None),
        (UpscaleOptions("2x", "photo", model="other"), "other"),
        (UpscaleOptions("fit", "photo", target_width=100), None),
    ],
    ids=["served", "factor", "preset", "detail", "named", "target"],
)
def test_a_model_serves_its_preset_and_factor_only(
    models: ModelFolder, options: UpscaleOptions, model: str | None
) -> None:
    put(models)

    assert models.serving(options).model == model


def test_an_inactive_model_serves_nothing(models: ModelFolder) -> None:
    options = UpscaleOptions("2x", "photo")

    assert serving(options, [replace(put(models), active=False)]) == options

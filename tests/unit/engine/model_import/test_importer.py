"""Files on their way into the folder of models: each is examined in a child process of its own."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.support.small_models import write_ncnn
from upscaler.engine.model_import.importer import import_model
from upscaler.engine.model_import.probe import ProbeLimits
from upscaler.engine.model_zoo.custom_model import Manifest
from upscaler.engine.model_zoo.model_folder import ModelFolder
from upscaler.errors import FileTooLarge, ModelRefused

LIMITS = ProbeLimits(threads=1)


def take(files: list[Path], staging: Path, max_bytes: int = 10**6, limits: ProbeLimits = LIMITS) -> Manifest:
    staging.mkdir(exist_ok=True)
    given = [(str(file), file) for file in files]
    return import_model(given, staging, name="mine", licence="MIT", max_bytes=max_bytes, limits=limits)


def zipped(path: Path, **members: bytes | Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            data = content.read_bytes() if isinstance(content, Path) else content
            archive.writestr(name.replace("__", ".").replace("UP", "../"), data)
    return path


def test_a_pair_in_a_zip_file_comes_in_whatever_its_paths_say(tmp_path: Path) -> None:
    param, weights = write_ncnn(tmp_path, 2)
    path = zipped(tmp_path / "a.zip", UPUPnet__param=param, UPUPnet__bin=weights, README__md=b"words")
    models = ModelFolder(tmp_path / "models")
    staging = models.staging()

    manifest = take([path], staging)
    models.put(staging, manifest)

    assert models.names() == ["mine"]
    assert models.find("mine") == manifest
    assert sorted(entry.name for entry in models.folder("mine").iterdir()) == [
        "manifest.json",
        "model.bin",
        "model.param",
    ]
    assert models.holds(manifest)
    assert not (tmp_path.parent / "net.param").exists()


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"net__param": b"1"}, "send one .onnx file"),
        ({"net__onnx": b"1", "net__exe": b"1"}, "send one .onnx file"),
        ({"a__onnx": b"1", "b__onnx": b"1"}, "send one .onnx file"),
        ({f"n{number}__txt": b"" for number in range(60)}, "too many files"),
    ],
)
def test_a_zip_file_with_anything_else_is_refused(
    tmp_path: Path, members: dict[str, bytes], reason: str
) -> None:
    with pytest.raises(ModelRefused, match=reason):
        take([zipped(tmp_path / "a.zip", **members)], tmp_path / "staging")


def test_a_zip_file_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", net__onnx=bytes(3_000_000))
    assert path.stat().st_size < 10_000

    with pytest.raises(FileTooLarge):
        take([path], tmp_path / "staging")


def test_a_damaged_zip_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"PK\x03\x04 and no more")

    with pytest.raises(ModelRefused, match="damaged or encrypted"):
        take([path], tmp_path / "staging")

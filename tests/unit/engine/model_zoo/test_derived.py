from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from upscaler.engine.model_zoo import derived
from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.model_zoo.derived import convolutions_file, has_convolutions
from upscaler.engine.model_zoo.weights import find_weights, is_installed
from upscaler.errors import EngineUnavailable

FITTED = MODELS["realesrgan-x4plus-fitted"]


def test_its_convolutions_are_those_of_the_catalogue() -> None:
    assert has_convolutions(FITTED)
    assert is_installed(FITTED)


def test_other_models_need_none() -> None:
    assert has_convolutions(MODELS["realesrgan-x4plus"])


def test_altered_convolutions_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    altered = tmp_path / "altered.bin"
    content = bytearray(convolutions_file(FITTED).read_bytes())
    content[1000] ^= 1
    altered.write_bytes(content)
    monkeypatch.setattr(derived, "convolutions_file", lambda _: altered)

    assert not is_installed(FITTED)
    with pytest.raises(EngineUnavailable):
        find_weights(FITTED, cache_dir=str(tmp_path))


def test_the_files_are_made_once_and_kept(tmp_path: Path) -> None:
    first = find_weights(FITTED, cache_dir=str(tmp_path))
    written = first.bin.stat().st_mtime_ns

    assert find_weights(FITTED, cache_dir=str(tmp_path)) == first
    assert first.bin.stat().st_mtime_ns == written
    assert sorted(path.name for path in first.bin.parent.iterdir()) == [first.bin.name, first.param.name]
    assert first.bin.is_relative_to(tmp_path)


def test_files_that_were_damaged_are_made_again(tmp_path: Path) -> None:
    files = find_weights(FITTED, cache_dir=str(tmp_path))
    sound = files.bin.read_bytes()
    files.bin.write_bytes(sound[:-1])

    assert find_weights(FITTED, cache_dir=str(tmp_path)).bin.read_bytes() == sound


def test_they_have_to_be_what_the_catalogue_says(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable):
        find_weights(replace(FITTED, left_out=((3, 3), (6, 10))), cache_dir=str(tmp_path))


def test_weights_of_another_version_give_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = MODELS[FITTED.derived_from]
    files = find_weights(whole)
    monkeypatch.setattr("importlib.util.find_spec", {}.get)
    shutil.copy(files.param, tmp_path / f"{whole.name}.param")
    (tmp_path / f"{whole.name}.bin").write_bytes(files.bin.read_bytes()[:-4] + b"abcd")

    with pytest.raises(EngineUnavailable) as caught:
        find_weights(FITTED, str(tmp_path), str(tmp_path))

    assert "realesrgan-x4plus" in caught.value.detail
    assert not (tmp_path / "derived").exists()


def test_a_folder_that_cannot_be_written_is_replaced_by_a_temporary_one(tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.touch()

    assert find_weights(FITTED, cache_dir=str(occupied)).bin.is_file()

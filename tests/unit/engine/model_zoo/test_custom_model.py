from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.small_models import write_ncnn, write_onnx
from upscaler.engine.imaging.hashing import sha256_of
from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.model_zoo.custom_model import (
    FACES,
    FILES,
    LEVELS,
    MAX_LICENCE,
    NCNN,
    ONNX,
    UNIT,
    UPSCALING,
    Findings,
    Manifest,
    Use,
    check_licence,
    check_name,
    check_uses,
)
from upscaler.errors import EngineUnavailable, InvalidParameter, ModelRefused, UnusableParameter

FINDINGS = Findings(2, 3, "x", "y")
MANIFEST = Manifest(
    "mine", ONNX, {"model.onnx": "0" * 64}, "MIT", FINDINGS, (Use("photo", "2x"),), source="service"
)


def test_a_manifest_goes_through_json_unchanged() -> None:
    assert Manifest.from_dict(json.loads(json.dumps(MANIFEST.as_dict()))) == MANIFEST


def test_a_manifest_from_before_there_were_face_models_upscales() -> None:
    old = MANIFEST.as_dict()
    del old["findings"]["purpose"]

    assert Manifest.from_dict(old).findings.purpose == UPSCALING


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"kind": "zip"},
        {"findings": {"scale": 2}},
        {"findings": None},
        {"uses": [{"preset": "photo", "factor": "7x"}]},
        {"colour": "red"},
    ],
    ids=str,
)
def test_anything_else_is_no_manifest(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="manifest"):
        Manifest.from_dict({**MANIFEST.as_dict(), **change})


@pytest.mark.parametrize("missing", ["version", "kind", "name", "findings", "uses"])
def test_a_manifest_without_a_needed_entry_is_none(missing: str) -> None:
    values = MANIFEST.as_dict()
    del values[missing]

    with pytest.raises(ValueError, match="not a manifest"):
        Manifest.from_dict(values)


@pytest.mark.parametrize(("preset", "factor", "name"), [("none", "2x", "preset"), ("photo", "5x", "factor")])
def test_a_use_is_a_known_preset_and_factor(preset: str, factor: str, name: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        Use(preset, factor)

    assert caught.value.values["name"] == name


@pytest.mark.parametrize(("levels", "number"), [(UNIT, 255), (LEVELS, 1)])
def test_levels_are_divided_for_models_of_fractions_only(tmp_path: Path, levels: str, number: int) -> None:
    findings = replace(FINDINGS, input_range=levels, output_range=levels)
    model = replace(MANIFEST, findings=findings).model(tmp_path)

    assert (model.input_divisor, model.output_factor) == (number, number)


def test_a_pair_of_files_is_verified_in_the_order_of_its_kind(tmp_path: Path) -> None:
    write_ncnn(tmp_path, stem="model")
    hashes = {name: sha256_of(tmp_path / name) for name in FILES[NCNN]}
    model = Manifest("pair", NCNN, hashes, "", FINDINGS).model(tmp_path)

    assert [path.name for path in model.verified()] == ["model.param", "model.bin"]
    assert (model.param_sha256, model.bin_sha256) == (hashes["model.param"], hashes["model.bin"])


@pytest.mark.parametrize("changed", [True, False], ids=["changed", "missing"])
def test_a_file_that_is_not_the_examined_one_is_not_loaded(tmp_path: Path, changed: bool) -> None:
    path = write_onnx(tmp_path / "model.onnx")
    model = replace(MANIFEST, sha256={"model.onnx": sha256_of(path)}).model(tmp_path)
    assert model.verified() == [path]
    assert model.param_sha256 == ""

    if changed:
        write_onnx(path, 3)
    else:
        path.unlink()

    with pytest.raises(EngineUnavailable, match="missing or damaged"):
        model.verified()


@pytest.mark.parametrize("name", ["", "../up", "a/b", "a b", next(iter(MODELS))])
def test_a_name_is_plain_and_none_of_the_catalogue(name: str) -> None:
    assert check_name("mine-2") == "mine-2"
    with pytest.raises(UnusableParameter):
        check_name(name)


@pytest.mark.parametrize("licence", ["x" * (MAX_LICENCE + 1), "MIT\nor not"])
def test_a_licence_is_a_short_line(licence: str) -> None:
    assert check_licence("x" * MAX_LICENCE) == "x" * MAX_LICENCE
    assert check_licence("") == ""
    with pytest.raises(UnusableParameter):
        check_licence(licence)


def test_a_model_for_faces_serves_no_preset() -> None:
    faces = replace(FINDINGS, purpose=FACES)
    check_uses((), faces)
    check_uses(MANIFEST.uses, FINDINGS)

    with pytest.raises(ModelRefused, match="restores faces"):
        check_uses(MANIFEST.uses, faces)

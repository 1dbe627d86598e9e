from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support.small_models import write_ncnn, write_onnx
from upscaler.engine.backends.mnn_agreement import check_agreement
from upscaler.engine.backends.ncnn import NcnnCpuBackend
from upscaler.engine.backends.openvino import OpenVinoBackend
from upscaler.engine.imaging.hashing import sha256_of
from upscaler.engine.model_zoo.custom_model import FILES, NCNN, ONNX, CustomModel, Findings, Manifest
from upscaler.engine.model_zoo.ncnn_graph import GraphError
from upscaler.engine.settings import EngineSettings

SETTINGS = EngineSettings(threads=1)


def added(folder: Path, kind: str, **found: int) -> CustomModel:
    if kind == ONNX:
        write_onnx(folder / "model.onnx", 2)
    else:
        write_ncnn(folder, 2, stem="model")
    digests = {name: sha256_of(folder / name) for name in FILES[kind]}
    return Manifest("mine", kind, digests, "", replace(Findings(2, 3, "x", "y"), **found)).model(folder)


@pytest.mark.parametrize("kind", [ONNX, NCNN])
def test_the_same_results_are_accepted_and_others_refused(tmp_path: Path, kind: str) -> None:
    model = added(tmp_path, kind)
    right = OpenVinoBackend(SETTINGS, "fp32").runner(model)

    check_agreement(model, right, SETTINGS)

    with pytest.raises(GraphError, match="something else"):
        check_agreement(model, lambda planes: right(planes) + 2, SETTINGS)
    with pytest.raises(GraphError, match="something else"):
        check_agreement(model, lambda planes: right(planes) * np.nan, SETTINGS)
    with pytest.raises(GraphError, match="something else"):
        check_agreement(model, lambda planes: right(planes)[..., 1:], SETTINGS)


@pytest.mark.parametrize(
    ("found", "shapes"),
    [
        ({"minimum_side": 16}, [(64, 65), (65, 64)]),
        ({"minimum_side": 70, "multiple": 8}, [(72, 80), (80, 72)]),
        ({"minimum_side": 32, "maximum_side": 32}, [(32, 32), (32, 32)]),
    ],
)
def test_windows_have_the_sizes_that_the_model_takes(
    tmp_path: Path, found: dict[str, int], shapes: list[tuple[int, int]]
) -> None:
    model = added(tmp_path, ONNX, **found)
    right, seen = OpenVinoBackend(SETTINGS, "fp32").runner(model), []

    def run(planes):
        seen.append(planes.shape[2:])
        return right(planes)

    check_agreement(model, run, SETTINGS)

    assert seen == shapes


def test_with_nothing_to_compare_with_none_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(NcnnCpuBackend, "probe", lambda _: "ncnn is not installed")
    model = added(tmp_path, NCNN)

    with pytest.raises(GraphError, match="ncnn is not installed"):
        check_agreement(model, OpenVinoBackend(SETTINGS, "fp32").runner(model), SETTINGS)

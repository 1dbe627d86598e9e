"""Models that are examined in a child process, which alone they can harm."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.small_models import write_ncnn, write_onnx
from upscaler.engine.model_import.probe import ProbeLimits, probe
from upscaler.engine.model_zoo.custom_model import NCNN, ONNX
from upscaler.errors import ModelRefused

LIMITS = ProbeLimits(threads=1)


def test_the_findings_of_the_child_arrive(tmp_path: Path) -> None:
    write_onnx(tmp_path / "model.onnx", 3)

    found = probe(tmp_path, ONNX, LIMITS)

    assert (found.scale, found.channels, found.input, found.output) == (3, 3, "x", "y")


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (replace(LIMITS, seconds=0.01), "longer than 0.01 seconds"),
        (replace(LIMITS, memory_bytes=1 << 20), "more than 1 MiB of memory"),
    ],
    ids=["time", "memory"],
)
def test_a_trial_has_limits(tmp_path: Path, limits: ProbeLimits, reason: str) -> None:
    write_onnx(tmp_path / "model.onnx")

    with pytest.raises(ModelRefused, match=reason):
        probe(tmp_path, ONNX, limits)


def test_a_model_that_crashes_harms_nobody_else(tmp_path: Path) -> None:
    param, _ = write_ncnn(tmp_path, 2, middle="Clip clip 1 1 c d 0=0.0 1=1.0", stem="model")
    # A model that asks for more memory than any process may have.
    param.write_text(param.read_text().replace("0=12 1=3", "0=2000000000 1=3"))

    with pytest.raises(ModelRefused):
        probe(tmp_path, NCNN, LIMITS)

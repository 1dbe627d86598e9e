from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.small_models import write_onnx
from upscaler.engine.model_import import examine, probe_child
from upscaler.engine.model_zoo.custom_model import ONNX, Findings
from upscaler.engine.process.cage.policy import Cage
from upscaler.engine.process.protocol import Message, error_from_message
from upscaler.engine.process.subprocess import ChildProcess
from upscaler.errors import ModelRefused

ALLOWED_BYTES = 1 << 30


def answer(folder: Path) -> Message:
    return probe_child._answer(folder, ONNX, 1)


def refusal(answered: Message) -> str:
    error = error_from_message(answered["error"])
    assert type(error) is ModelRefused
    return error.detail


def test_the_findings_are_those_of_the_examination(tmp_path: Path) -> None:
    write_onnx(tmp_path / "model.onnx", 3)

    found = Findings(**answer(tmp_path)["result"])

    assert (found.scale, found.channels, found.input, found.output) == (3, 3, "x", "y")


def test_a_refusal_keeps_its_sentence_also_where_its_class_is_unknown_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> Findings:
        raise examine.NotFiniteError("The result has %(count)s wrong numbers.", count=3)

    monkeypatch.setattr(examine, "examine", refuse)

    assert refusal(answer(tmp_path)) == "The result has 3 wrong numbers."


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("the weights\n  end too early"), "The model was refused: the weights end too early"),
        (RuntimeError("x" * 1000), f"The model was refused: {'x' * 200}"),
        (MemoryError(), "The model was refused: it needs too much memory."),
    ],
    ids=["library", "long", "memory"],
)
def test_any_other_error_is_the_models_fault_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    def fail(*_: object) -> Findings:
        raise error

    monkeypatch.setattr(examine, "examine", fail)

    assert refusal(answer(tmp_path)) == words


def limits_of(pid: int) -> dict[str, str]:
    """Return the soft limits of a process by name."""
    rows = Path(f"/proc/{pid}/limits").read_text().splitlines()[1:]
    return {row[:26].strip(): row[26:].split()[0] for row in rows}


@pytest.fixture
def core_files() -> Iterator[None]:
    """Allow this process, and thereby its children, core files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


def test_it_has_its_limits_before_it_loads_a_library(core_files: None, tmp_path: Path) -> None:
    write_onnx(tmp_path / "model.onnx")
    child = ChildProcess(
        "upscaler.engine.model_import.probe_child",
        [str(tmp_path), ONNX, "1", str(ALLOWED_BYTES)],
        cage=Cage(writes=(str(tmp_path),), programs=True, graphics=True),
    )
    try:
        process, deadline = Path(f"/proc/{child.pid}"), time.monotonic() + 60
        while "libopenvino" not in (process / "maps").read_text() and time.monotonic() < deadline:
            time.sleep(0.005)
        limits, victim = limits_of(child.pid), (process / "oom_score_adj").read_text()
    finally:
        child.kill()

    assert int(limits["Max address space"]) == ALLOWED_BYTES + (8 << 30)
    assert limits["Max core file size"] == "0"
    assert int(victim) == 500

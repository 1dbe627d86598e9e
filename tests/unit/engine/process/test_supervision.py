from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from upscaler.engine.process.cage.policy import Cage
from upscaler.engine.process.subprocess import ChildProcess
from upscaler.engine.process.supervision import EngineLimits, await_answer
from upscaler.errors import EngineCanceled, EngineOutOfMemory, EngineTimeout

GENEROUS = EngineLimits(timeout_seconds=60, memory_bytes=4 << 30)


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ChildProcess]:
    """Return a child that sends back each message that it gets, and nothing else."""
    (tmp_path / "echo_host.py").write_text(
        "import sys\nfor line in sys.stdin:\n    sys.stdout.write(line)\n    sys.stdout.flush()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    process = ChildProcess("echo_host", cage=Cage())
    yield process
    process.kill()


def test_progress_is_passed_on_until_the_answer_comes(child: ChildProcess) -> None:
    heard: list[dict[str, Any]] = []
    for message in ({"ready": True}, {"step": "s"}, {"progress": 0.25}, {"result": 1}, {"progress": 0.9}):
        child.send(message)

    assert await_answer(child, GENEROUS, heard.append, None) == {"result": 1}
    assert heard == [{"step": "s"}, {"progress": 0.25}]


def test_nobody_needs_to_listen(child: ChildProcess) -> None:
    child.send({"progress": 0.25})
    child.send({"error": "e"})

    assert await_answer(child, GENEROUS, None, lambda: False) == {"error": "e"}


def test_a_stop_ends_the_wait(child: ChildProcess) -> None:
    with pytest.raises(EngineCanceled):
        await_answer(child, GENEROUS, None, lambda: True)


def test_the_limits_end_the_wait_and_are_named(child: ChildProcess) -> None:
    with pytest.raises(EngineTimeout) as late:
        await_answer(child, EngineLimits(0.05, 4 << 30), None, None)
    assert late.value.values == {"seconds": "0.05"}

    with pytest.raises(EngineOutOfMemory) as large:
        await_answer(child, EngineLimits(60, 1 << 20), None, None)
    assert large.value.values == {"limit": "1 MiB"}

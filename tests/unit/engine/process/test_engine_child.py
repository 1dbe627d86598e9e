from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from upscaler.engine.process.cage import landlock
from upscaler.engine.process.engine_child import DeviceError, EngineChild
from upscaler.engine.process.subprocess import ChildDiedError
from upscaler.engine.settings import EngineSettings
from upscaler.errors import EngineCrashed

USE = {"engine": "ncnn", "device": "a card", "precision": "fp16", "models": ["a"], "testing": False}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineChild]:
    child = EngineChild(EngineSettings(engine="lanczos", threads=1), tmp_path, [])
    yield child
    child.close()


def test_a_child_is_started_once_and_again_after_its_end(engine: EngineChild, ends) -> None:
    assert engine.pid is None
    first = engine.running()
    assert engine.running() is first
    assert engine.pid == first.pid

    os.kill(first.pid, signal.SIGKILL)
    assert ends(first.pid)

    assert engine.running() is not first
    engine.close()
    assert engine.pid is None


def test_a_device_is_blamed_once_for_a_fault_and_not_for_a_kill(engine: EngineChild) -> None:
    child = engine.running()
    child.use = USE
    killed = engine.died(child, ChildDiedError("SIGKILL"))
    assert isinstance(killed, EngineCrashed)
    assert engine.state == {}

    child = engine.running()
    child.use = USE
    first, second = (engine.died(child, ChildDiedError("SIGSEGV")) for _ in range(2))

    assert isinstance(first, DeviceError)
    assert isinstance(second, DeviceError)
    assert first.blamed is second.blamed
    assert first.blamed.reason == "the process ended with SIGSEGV"
    assert [(entry["device"], entry["failures"]) for entry in engine.state["quarantined"]] == [("a card", 1)]


def test_a_device_of_which_an_idle_child_died_is_blamed(engine: EngineChild, ends) -> None:
    first = engine.running()
    # Once it is ready, or its last message would overwrite what stands for one of a trial.
    assert first.receive(60) == {"ready": True}
    first.use = {**USE, "testing": True}
    os.kill(first.pid, signal.SIGSEGV)
    assert ends(first.pid)
    # Its threads may take a moment longer than its main one, and it is gone when they are.
    while first.running:
        time.sleep(0.01)

    assert engine.running() is not first
    assert [entry["device"] for entry in engine.state["quarantined"]] == ["a card"]


@pytest.mark.parametrize("kind", ["results", "models"])
def test_a_folder_that_was_removed_and_made_again_gets_a_new_child(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "data" / kind
    models_dir = str(folder) if kind == "models" else ""
    engine = EngineChild(
        EngineSettings(engine="lanczos", threads=1, models_dir=models_dir),
        tmp_path / "scratch",
        [folder] if kind == "results" else [],
    )
    try:
        first = engine.running()
        # It was made for the rule, and what comes into it later needs no other child.
        (folder / "later").mkdir()
        assert engine.running() is first
        folder.rename(tmp_path / "moved")
        assert engine.running() is not first
        assert folder.is_dir()
    finally:
        engine.close()


def test_an_engine_without_a_cage_says_so_and_has_no_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "a secret")
    engine = EngineChild(EngineSettings(engine="lanczos", threads=1, caged=False), tmp_path, [])
    try:
        child = engine.running()
        child.send({"do": "describe"})
        while "result" not in (child.receive(60) or {}):
            pass

        assert engine.state["cage"]["lacking"] == ["Landlock", "seccomp", "namespaces"]
        assert b"SECRET_KEY" not in Path(f"/proc/{child.pid}/environ").read_bytes()
    finally:
        engine.close()


def test_the_state_tells_what_holds_of_the_cage(engine: EngineChild) -> None:
    child = engine.running()
    child.send({"do": "describe"})
    while "result" not in (child.receive(60) or {}):
        pass

    cage = engine.state["cage"]
    assert cage["files"] == landlock.version()
    assert set(cage["lacking"]) <= {"Landlock", "seccomp", "namespaces"}

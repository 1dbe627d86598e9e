from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

import upscaler
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.process.client import EngineLimits, EngineProcess
from upscaler.engine.settings import EngineSettings

GENEROUS = EngineLimits(timeout_seconds=120, memory_bytes=4 << 30)
FAST = EngineSettings(engine="lanczos", threads=1)
REAL = EngineSettings(threads=1)
TWICE = UpscaleOptions("2x", "standard")


def is_alive(pid: int) -> bool:
    """Return whether a process runs; one that ended and waits for its parent to notice does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def ends() -> Callable[..., bool]:
    """Return a function that waits for a process to end and says whether it did."""

    def wait(pid: int, seconds: float = 5.0) -> bool:
        deadline = time.monotonic() + seconds
        while is_alive(pid) and time.monotonic() < deadline:
            time.sleep(0.02)
        return not is_alive(pid)

    return wait


@pytest.fixture
def parent() -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Return a starter of Python processes that play the parent; they are ended after the test."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str) -> subprocess.Popen[str]:
        root = str(Path(upscaler.__file__).parents[1])
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture
def small(save, colours):
    return save("small.png", colours(32, 24))


@pytest.fixture
def start(tmp_path):
    """Return a starter of engine processes; after the test they are closed and must leave nothing behind."""
    started: list[EngineProcess] = []
    # A browser or a service that other tests share may be a child of this process as well.
    others = set(psutil.Process().children())
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    def begin(settings=FAST, limits=GENEROUS):
        started.append(EngineProcess(settings, limits, scratch, [tmp_path]))
        return started[-1]

    yield begin
    for engine in started:
        engine.close()
        assert not engine.running
    assert list(scratch.iterdir()) == []
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []
    assert set(psutil.Process().children()) - others == set(), "no process is left"

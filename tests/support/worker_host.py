"""A worker as a host of a fleet runs it: Huey's consumer, with a data folder of its own."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

import psutil

from scripts.host_workers import worker_command
from tests.support.service import ROOT, environment

_ENGINE = "upscaler.engine.process.server"


class WorkerHost:
    """One consumer, which can be killed and started again. ``launcher`` is as for ``LiveService``."""

    def __init__(self, data_dir: Path, settings: dict[str, str], launcher: Sequence[str] = ()) -> None:
        self.data_dir = data_dir
        self._settings = settings
        self._launcher = launcher
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the consumer."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start; it registers itself."""
        self.data_dir.mkdir(exist_ok=True)
        self._process = subprocess.Popen(
            [*self._launcher, *worker_command()],
            cwd=ROOT,
            env=environment(self.data_dir, 1, **self._settings),
            stdin=subprocess.DEVNULL,
        )

    def start_if_ended(self) -> None:
        """Start again, as a supervisor would."""
        assert self._process is not None
        if self._process.poll() is not None:
            self.start()

    def kill(self) -> None:
        """Kill the consumer, as the kernel does when memory runs out."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Stop as an operator would."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(timeout=60)


def consumers(family: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Return those processes that are workers."""
    return [process for process in family if _runs(process, "upscaler.tasks.consumer")]


def engines(family: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Return those processes that upscale images."""
    return [process for process in family if _runs(process, _ENGINE)]


def family_of(pid: int) -> list[psutil.Process]:
    """Return a process and all that it has started; nothing when it has ended."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _runs(process: psutil.Process, module: str) -> bool:
    try:
        return module in process.cmdline()
    except psutil.NoSuchProcess:
        return False

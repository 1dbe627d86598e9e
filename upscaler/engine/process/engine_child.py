"""The engine's present child: started on demand, replaced when it ends, and the device that it died of.

A native crash in a driver or a library ends the whole child, which can report nothing any more. So it reports before:
``devices.activity`` sends a message when a device begins to work and when it is done, and ``ChildProcess.use`` keeps
the last one. When the child dies of a fault of its own (not of a SIGKILL from outside), the device in that message goes
into quarantine, and the next child starts with the quarantine of the one before::

    child 1    {"use": GPU, testing}  {"use": null}  {"use": GPU}  SIGSEGV
                                                          |
    parent     died(child 1): child.use is GPU, the signal is a fault
                   |-- child.blamed = Attempt(GPU, "the process ended with SIGSEGV")
                   |-- state["quarantined"] += GPU
                   '-- raises DeviceError: the request is sent again, with the attempt in "attempts"
                                                          |
    child 2    started with the quarantine: it takes the CPU; the receipt lists both attempts

Several threads may wait for one child. The first one to see it dead does all of this; the others find ``child.blamed``
set and raise the same error.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from upscaler.engine.devices.activity import Use
from upscaler.engine.devices.attempts import Attempt
from upscaler.engine.devices.quarantine import Quarantine
from upscaler.engine.process.cage.enter import Confinement
from upscaler.engine.process.cage.policy import Cage
from upscaler.engine.process.subprocess import ChildDiedError, ChildProcess
from upscaler.engine.settings import EngineSettings
from upscaler.errors import EngineCrashed, EngineError

_CLOSE_SECONDS = 1.0


class DeviceError(Exception):
    """The child died of a device: another one may do better.

    Attributes:
        blamed: the device, as an attempt that failed.
        error: the error to raise where there is no other.

    """

    def __init__(self, blamed: Attempt, error: EngineError) -> None:
        super().__init__(blamed.reason)
        self.blamed = blamed
        self.error = error


class EngineChild:
    """The child of one engine, or none. Threads may share it.

    Args:
        settings: of the engine.
        scratch_dir: holds large intermediate results.
        folders: hold the files of its images, and checkpoints; the child may open no others.
    """

    def __init__(self, settings: EngineSettings, scratch_dir: Path, folders: Sequence[Path]) -> None:
        self._settings = settings
        self._scratch_dir = scratch_dir
        self._folders = folders
        self._lock = threading.RLock()
        self._last_log = ""
        self._last_state: dict[str, Any] = {}
        # The process, also one that has ended and was not discarded yet; None for none.
        self.process: ChildProcess | None = None

    @property
    def pid(self) -> int | None:
        """Process id, None when no child runs."""
        process = self.process
        return process.pid if process is not None and process.running else None

    @property
    def log_tail(self) -> str:
        """The last lines that the child, or the one before it, wrote to its standard error."""
        process = self.process
        return process.log_tail if process is not None else self._last_log

    @property
    def state(self) -> dict[str, Any]:
        """The state that the child reported last, or the one before it; empty before that."""
        process = self.process
        if process is not None and process.state:
            self._last_state = _state_of(process)
        return self._last_state

    def running(self) -> ChildProcess:
        """Return the child; start one where none runs. A device of which the last one died while idle is blamed."""
        with self._lock:
            if self.process is not None and not self.process.running:
                self.died(self.process, self.process.death())
            elif self.process is not None and not self.process.is_confined_to_its_folders:
                self.discard(self.process)
            if self.process is None:
                arguments = [
                    json.dumps(self._settings.as_dict()),
                    str(self._scratch_dir.resolve()),
                    json.dumps(self.state.get("quarantined", [])),
                ]
                self.process = ChildProcess(
                    "upscaler.engine.process.server",
                    arguments,
                    cage=self._cage(),
                    environment={"TMPDIR": str(self._scratch_dir.resolve())},
                )
            return self.process

    def _cage(self) -> Cage:
        cache = [Path(name) for name in (self._settings.cache_dir,) if name]
        writes = [self._scratch_dir, *self._folders, *cache]
        models = [Path(name) for name in (self._settings.models_dir,) if name]
        for folder in (*writes, *models):
            # A rule is for what exists; models may be added later.
            folder.mkdir(parents=True, exist_ok=True)
        return Cage(
            reads=tuple(str(path.resolve()) for path in models),
            writes=tuple(str(path.resolve()) for path in writes),
            # A backend converts models, and looks for graphics devices, in processes of their own.
            programs=True,
            graphics=True,
            enforced=self._settings.caged,
        )

    def discard(self, child: ChildProcess) -> None:
        """Kill a child, unless another thread has done so already."""
        with self._lock:
            if self.process is child:
                child.kill()
                self._last_log = child.log_tail
                self._last_state = _state_of(child) if child.state else self._last_state
                self.process = None

    def died(self, child: ChildProcess, death: ChildDiedError) -> Exception:
        """Discard a dead child and return the error to raise: a ``DeviceError`` where a device is to blame."""
        with self._lock:
            is_first = self.process is child
            self.discard(child)
            if is_first and death.by_fault and child.use is not None:
                use = Use.from_dict(child.use)
                reason = death.reason if death.hangs else f"the process ended with {death.reason}"
                quarantine = Quarantine.restored(self._last_state.get("quarantined", ()))
                quarantine.add(use.key, reason, use.models)
                self._last_state = {**self._last_state, "quarantined": quarantine.as_list()}
                child.blamed = Attempt(*use.key, None, reason)
        error = with_log(EngineCrashed(reason=death.reason), child)
        return error if child.blamed is None else DeviceError(child.blamed, error)

    def close(self) -> None:
        """End the child: it may leave by itself for a second. A later call of ``running`` starts another one."""
        with self._lock:
            process, self.process = self.process, None
        if process is not None:
            process.end(_CLOSE_SECONDS)


def with_log(error: EngineError, child: ChildProcess) -> EngineError:
    """Return the error with the last lines of the child's log."""
    error.log_tail = child.log_tail
    return error


def _state_of(child: ChildProcess) -> dict[str, Any]:
    """Return the state that a child reported, with what holds of its cage and what does not."""
    lacking = Confinement(**child.cage).lacking
    return {**child.state, "cage": {**child.cage, "lacking": lacking}}

"""The worker's handle on the engine: a child process with limits, killed rather than trusted to stop."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from upscaler.engine.devices.activity import Use
from upscaler.engine.devices.attempts import Attempt
from upscaler.engine.devices.quarantine import Quarantine
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.process.memory import resident_bytes
from upscaler.engine.process.protocol import Message, error_from_message
from upscaler.engine.process.subprocess import MAIN_BOX, ChildDiedError, ChildProcess
from upscaler.engine.progress import Progress
from upscaler.engine.result import Keeping, Previews, UpscaleResult, part_path
from upscaler.engine.settings import EngineSettings
from upscaler.errors import EngineCanceled, EngineCrashed, EngineError, EngineOutOfMemory, EngineTimeout

__all__ = ["EngineLimits", "EngineProcess", "Keeping", "Previews", "UpscaleResult"]

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.2
_CLOSE_SECONDS = 1.0
# What looks for a device, or loads and tests one network on it, hangs after that: the slowest that was seen took 10 s.
_TEST_SECONDS = 300.0


@dataclass(frozen=True)
class EngineLimits:
    """What one request may use: wall time in seconds, resident memory of the child's family in bytes."""

    timeout_seconds: float
    memory_bytes: int

    @property
    def memory(self) -> str:
        """The resident memory, as it is told."""
        return f"{self.memory_bytes / (1 << 20):.0f} MiB"


class _DeviceError(Exception):
    """The child died of a device: another one may do better.

    Attributes:
        blamed: the device, as a try that failed.
        error: what to tell where there is no other.

    """

    def __init__(self, blamed: Attempt, error: EngineError) -> None:
        super().__init__(blamed.reason)
        self.blamed = blamed
        self.error = error


class _Watch:
    """Looks from time to time whether a child that works on a request may go on."""

    def __init__(
        self, child: ChildProcess, limits: EngineLimits, should_stop: Callable[[], bool] | None
    ) -> None:
        self._child = child
        self._limits = limits
        self._should_stop = should_stop
        self._deadline = time.monotonic() + limits.timeout_seconds
        self._use = child.use
        self._used_since = time.monotonic()

    def check(self, now: float) -> None:
        """Raise what ends the request, if something does."""
        if self._should_stop is not None and self._should_stop():
            raise EngineCanceled
        if now > self._deadline:
            raise EngineTimeout(seconds=f"{self._limits.timeout_seconds:g}")
        use = self._child.use
        if use is not self._use:
            self._use, self._used_since = use, now
        if use is not None and use["testing"] and now - self._used_since > _TEST_SECONDS:
            raise ChildDiedError(f"a test took more than {_TEST_SECONDS:g} s", hangs=True)
        if resident_bytes(self._child.pid) > self._limits.memory_bytes:
            raise EngineOutOfMemory(limit=self._limits.memory)


_Ask = Callable[[Message, Callable[[float], None] | None, Callable[[], bool] | None], Any]


class EngineProcess:
    """A warm child that upscales images; started on first use and again after it was killed or died.

    Threads may share it: they take turns, and what is urgent goes between the tiles of what is not. Errors of the
    engine carry the last lines of the child's log in ``log_tail``.
    """

    def __init__(self, settings: EngineSettings, limits: EngineLimits, scratch_dir: Path) -> None:
        self._settings = settings
        self._limits = limits
        self._scratch_dir = scratch_dir
        self._lock = threading.Lock()
        self._urgent_lock = threading.Lock()
        self._child_lock = threading.RLock()
        self._child: ChildProcess | None = None
        self._last_log = ""
        self._description: dict[str, Any] | None = None
        self._last_state: dict[str, Any] = {}

    @property
    def pid(self) -> int | None:
        """Process id of the child, None when there is none."""
        child = self._child
        return child.pid if child is not None and child.running else None

    @property
    def log_tail(self) -> str:
        """The last lines that the child, or the one before it, wrote to its standard error."""
        child = self._child
        return child.log_tail if child is not None else self._last_log

    @property
    def state(self) -> dict[str, Any]:
        """What the engine runs on and which devices are in quarantine, as the child told last; empty before that."""
        child = self._child
        if child is not None and child.state:
            self._last_state = child.state
        return self._last_state

    @property
    def running(self) -> bool:
        """Whether a child is there."""
        return self.pid is not None

    def upscale(
        self,
        source: Path,
        target: Path,
        previews: Previews | None,
        options: UpscaleOptions,
        *,
        on_progress: Callable[[float], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
        keeping: Keeping | None = None,
        urgent: bool = False,
    ) -> UpscaleResult:
        """Upscale an image in the child, see ``pipeline.upscale_file``.

        Args:
            source: file to read.
            target: file to write; it appears whole or not at all.
            previews: small copies to write, or None.
            options: what was asked for.
            on_progress: called in this thread with the share that is done, 0 to 1.
            should_stop: asked several times a second; once it is true the child is killed.
            keeping: where finished tiles outlive the child for the next try, or None. Whoever names the folder removes
                it.
            urgent: do not wait for the upscale that another thread asked for: this one is small, and the child does
                it between two tiles of the other. When it is stopped or takes too long, the child lives on for the
                other's sake.

        Raises:
            EngineCanceled: ``should_stop`` said so.
            EngineTimeout: it took longer than the limit.
            EngineOutOfMemory: it needed more memory than the limit.
            EngineCrashed: the child died. Where a device was at work then, the image was tried on others before.
            UpscalerError: whatever ``upscale_file`` raises, as the same class.

        """
        paths = [] if previews is None else [previews.result, previews.original]
        request = {
            "do": "upscale",
            "source": str(source.resolve()),
            "target": str(target.resolve()),
            "previews": [str(path.resolve()) for path in paths],
            "options": options.as_dict(),
            "keeping": keeping
            and {"folder": str(keeping.folder.resolve()), "limit_bytes": keeping.limit_bytes},
            "tried": [],
        }
        ask = self._urgent_request if urgent else self._request
        # An image may start again on another device.
        rising = on_progress and Progress(on_progress).report
        try:
            answer = self._on_other_devices(ask, request, rising, should_stop)
        except BaseException:
            # A killed child cannot clear up its half-written files.
            for path in (target, *paths):
                part_path(path).unlink(missing_ok=True)
            raise
        return UpscaleResult(**answer)

    def describe(self) -> dict[str, Any]:
        """Return what the engine runs on: backend, device and the like. Asked once for each child."""
        if self._description is None or not self.running:
            self._description = dict(self._on_other_devices(self._request, {"do": "describe"}))
        return self._description

    def warm_up(self, options: UpscaleOptions) -> None:
        """Load the networks for these options, so that the first job does not wait for them."""
        self._on_other_devices(self._request, {"do": "warm_up", "options": options.as_dict()})

    def close(self) -> None:
        """End the child within 2 seconds. A later call starts another one."""
        with self._lock:
            with self._child_lock:
                child, self._child = self._child, None
            if child is not None:
                child.end(_CLOSE_SECONDS)

    def _on_other_devices(
        self,
        ask: _Ask,
        request: Message,
        on_progress: Callable[[float], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> Any:
        """Ask again while the child dies of a device: the next child does without that one."""
        tried: list[Attempt] = []
        while True:
            # What does not ask for an image has no tries to tell of.
            told = {"tried": [one.as_dict() for one in tried]} if "tried" in request else {}
            try:
                return ask({**request, **told}, on_progress, should_stop)
            except _DeviceError as failure:
                if failure.blamed in tried:
                    # No other device is left, and an image may be to blame.
                    raise failure.error from failure
                logger.warning("engine_device_failed", extra=failure.blamed.as_dict())
                tried.append(failure.blamed)

    def _request(
        self,
        request: Message,
        on_progress: Callable[[float], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> Any:
        with self._lock:
            child = self._running_child()
            answer: Message | None = None
            try:
                child.send(request)
                answer = self._await_answer(child, on_progress, should_stop)
            except ChildDiedError as death:
                raise self._died(child, death) from death
            except EngineError as error:
                self._discard(child)
                raise self._with_log(error, child) from None
            finally:
                if answer is None:
                    # It is busy with something that nobody waits for any more.
                    self._discard(child)
            if "error" in answer:
                raise self._error_of(answer, child)
            return answer["result"]

    def _urgent_request(
        self,
        request: Message,
        on_progress: Callable[[float], None] | None,
        should_stop: Callable[[], bool] | None,
    ) -> Any:
        with self._urgent_lock:
            child = self._running_child()
            try:
                with child.box() as box:
                    child.send({**request, "box": box})
                    answer = self._await_answer(child, on_progress, should_stop, box)
            except ChildDiedError as death:
                raise self._died(child, death) from death
            except EngineOutOfMemory as error:
                self._discard(child)
                raise self._with_log(error, child) from None
            except EngineError as error:
                if self._lock.acquire(blocking=False):
                    # Nobody else waits for the child, which is busy with what nobody waits for any more.
                    try:
                        self._discard(child)
                    finally:
                        self._lock.release()
                raise self._with_log(error, child) from None
            if "error" in answer:
                raise self._error_of(answer, child)
            return answer["result"]

    def _died(self, child: ChildProcess, death: ChildDiedError) -> Exception:
        """Return what to raise; put the device that was at work into quarantine if it is to blame."""
        with self._child_lock:
            is_first = self._child is child
            self._discard(child)
            if is_first and death.by_fault and child.use is not None:
                use = Use.from_dict(child.use)
                reason = death.reason if death.hangs else f"the process ended with {death.reason}"
                quarantine = Quarantine.restored(self._last_state.get("quarantined", ()))
                quarantine.add(use.key, reason, use.networks)
                self._last_state = {**self._last_state, "quarantined": quarantine.as_list()}
                child.blamed = Attempt(*use.key, None, reason)
        error = self._with_log(EngineCrashed(reason=death.reason), child)
        return error if child.blamed is None else _DeviceError(child.blamed, error)

    def _await_answer(
        self,
        child: ChildProcess,
        on_progress: Callable[[float], None] | None,
        should_stop: Callable[[], bool] | None,
        box: int = MAIN_BOX,
    ) -> Message:
        watch = _Watch(child, self._limits, should_stop)
        next_check = 0.0
        while True:
            now = time.monotonic()
            if now >= next_check:
                next_check = now + _POLL_SECONDS
                watch.check(now)
            message = child.receive(_POLL_SECONDS, box)
            if message is None or "ready" in message:
                continue
            if "progress" not in message:
                return message
            if on_progress is not None:
                on_progress(message["progress"])

    def _running_child(self) -> ChildProcess:
        with self._child_lock:
            if self._child is not None and not self._child.running:
                self._discard(self._child)
            if self._child is None:
                held = self.state.get("quarantined", [])
                arguments = [
                    json.dumps(self._settings.as_dict()),
                    str(self._scratch_dir.resolve()),
                    json.dumps(held),
                ]
                self._child = ChildProcess("upscaler.engine.process.server", arguments)
            return self._child

    def _discard(self, child: ChildProcess) -> None:
        """Kill a child, unless another thread has done so already."""
        with self._child_lock:
            if self._child is child:
                child.kill()
                self._last_log = child.log_tail
                self._last_state = child.state or self._last_state
                self._child = None

    def _error_of(self, answer: Message, child: ChildProcess) -> Exception:
        error = error_from_message(answer["error"])
        if isinstance(error, EngineOutOfMemory):
            error = EngineOutOfMemory(limit=self._limits.memory)
        return self._with_log(error, child) if isinstance(error, EngineError) else error

    @staticmethod
    def _with_log(error: EngineError, child: ChildProcess) -> EngineError:
        error.log_tail = child.log_tail
        return error

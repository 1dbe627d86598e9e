"""The worker's handle on the engine: requests to a child process with limits, which is killed when it must stop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from upscaler.engine.devices.attempts import Attempt
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.process.engine_child import DeviceError, EngineChild, with_log
from upscaler.engine.process.protocol import Message, error_from_message
from upscaler.engine.process.subprocess import ChildDiedError, ChildProcess
from upscaler.engine.process.supervision import EngineLimits, await_answer
from upscaler.engine.progress import Progress
from upscaler.engine.result import Checkpoint, Previews, UpscaleResult, part_path
from upscaler.engine.settings import EngineSettings
from upscaler.errors import EngineError, EngineOutOfMemory

__all__ = ["Checkpoint", "EngineLimits", "EngineProcess", "Previews", "UpscaleResult"]

logger = logging.getLogger(__name__)

_Ask = Callable[[Message, Callable[[Message], None] | None, Callable[[], bool] | None], Any]


class EngineProcess:
    """A warm child that upscales images; started on first use and again after it was killed or died.

    Threads may share it: they take turns, and urgent requests run between the tiles of the others. Errors of the
    engine carry the last lines of the child's log in ``log_tail``.

    Args:
        settings: of the engine.
        limits: of the child.
        scratch_dir: holds large intermediate results.
        folders: hold the files of the images, and checkpoints; the child may open no others than in these.
    """

    def __init__(
        self, settings: EngineSettings, limits: EngineLimits, scratch_dir: Path, folders: Sequence[Path] = ()
    ) -> None:
        self._limits = limits
        self._child = EngineChild(settings, scratch_dir, folders)
        self._lock = threading.Lock()
        self._urgent_lock = threading.Lock()
        self._description: dict[str, Any] | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the child, None when there is none."""
        return self._child.pid

    @property
    def log_tail(self) -> str:
        """The last lines that the child, or the one before it, wrote to its standard error."""
        return self._child.log_tail

    @property
    def state(self) -> dict[str, Any]:
        """The backend in use and the devices in quarantine, as the child reported them last; empty before that."""
        return self._child.state

    @property
    def running(self) -> bool:
        """Whether a child is there."""
        return self.pid is not None

    def upscale(  # noqa: PLR0913 - a job's files, and what it works with
        self,
        source: Path,
        target: Path,
        previews: Previews | None,
        options: UpscaleOptions,
        *,
        on_progress: Callable[[float], None] | None = None,
        on_step: Callable[[str], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
        checkpoint: Checkpoint | None = None,
        urgent: bool = False,
        jpeg_quality: int | None = None,
    ) -> UpscaleResult:
        """Upscale an image in the child, see ``pipeline.upscale_file``.

        Args:
            source: file to read.
            target: file to write; it appears whole or not at all.
            previews: small copies to write, or None.
            options: what was asked for.
            on_progress: called in this thread with the share that is done, 0 to 1.
            on_step: called in this thread with the name of each step that begins, see ``pipeline.upscale_file``.
            should_stop: asked several times a second; once it is true the child is killed.
            checkpoint: the tile cache, where finished tiles outlive the child, or None. The caller removes the folder.
            urgent: do not wait for the upscale that another thread asked for: this one is small, and the child does
                it between two tiles of the other. When it is stopped or takes too long, the child lives on for the
                other's sake.
            jpeg_quality: see ``pipeline.upscale_file``.

        Raises:
            EngineCanceled: ``should_stop`` returned True.
            EngineTimeout: it took longer than the limit.
            EngineOutOfMemory: it needed more memory than the limit.
            EngineCrashed: the child died. Where a device was at work then, other devices were attempted before.
            UpscalerError: whatever ``upscale_file`` raises, as the same class.

        """
        paths = [] if previews is None else [previews.result, previews.original]
        request = {
            "do": "upscale",
            "source": str(source.resolve()),
            "target": str(target.resolve()),
            "previews": [str(path.resolve()) for path in paths],
            "options": options.as_dict(),
            "jpeg_quality": jpeg_quality,
            "checkpoint": checkpoint
            and {"folder": str(checkpoint.folder.resolve()), "limit_bytes": checkpoint.limit_bytes},
        }
        ask = self._urgent_request if urgent else self._request
        # An image may start again on another device.
        rising = Progress(on_progress or (lambda _: None))

        def hear(message: Message) -> None:
            if "progress" in message:
                rising.report(message["progress"])
            elif on_step is not None:
                on_step(message["step"])

        try:
            answer = self._on_other_devices(ask, request, hear, should_stop)
        except BaseException:
            # A killed child cannot clear up its half-written files.
            for path in (target, *paths):
                part_path(path).unlink(missing_ok=True)
            raise
        return UpscaleResult(**answer)

    def describe(self) -> dict[str, Any]:
        """Return the backend in use as JSON-ready values. Asked once for each child."""
        if self._description is None or not self.running:
            self._description = dict(self._on_other_devices(self._request, {"do": "describe"}))
        return self._description

    def warm_up(self, options: UpscaleOptions) -> None:
        """Load the models for these options, so that the first job does not wait for them."""
        self._on_other_devices(self._request, {"do": "warm_up", "options": options.as_dict()})

    def close(self) -> None:
        """End the child within 2 seconds. A later call starts another one."""
        with self._lock:
            self._child.close()

    def _on_other_devices(
        self,
        ask: _Ask,
        request: Message,
        on_report: Callable[[Message], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> Any:
        """Ask again while the child dies of a device: the next child does without that one."""
        failed: list[Attempt] = []
        while True:
            attempts = [attempt.as_dict() for attempt in failed]
            try:
                return ask({**request, "attempts": attempts}, on_report, should_stop)
            except DeviceError as failure:
                if failure.blamed in failed:
                    # No other device is left, and an image may be to blame.
                    raise failure.error from failure
                logger.warning("engine_device_failed", extra=failure.blamed.as_dict())
                failed.append(failure.blamed)

    def _request(
        self,
        request: Message,
        on_report: Callable[[Message], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> Any:
        with self._lock:
            child = self._child.running()
            answer: Message | None = None
            try:
                child.send(request)
                answer = await_answer(child, self._limits, on_report, should_stop)
            except ChildDiedError as death:
                raise self._child.died(child, death) from death
            except EngineError as error:
                self._child.discard(child)
                raise with_log(error, child) from None
            finally:
                if answer is None:
                    # It works on a request that is over.
                    self._child.discard(child)
            return self._result_of(answer, child)

    def _urgent_request(
        self,
        request: Message,
        on_report: Callable[[Message], None] | None,
        should_stop: Callable[[], bool] | None,
    ) -> Any:
        with self._urgent_lock:
            child = self._child.running()
            try:
                with child.urgent_request() as request_id:
                    child.send({**request, "request_id": request_id})
                    answer = await_answer(child, self._limits, on_report, should_stop, request_id)
            except ChildDiedError as death:
                raise self._child.died(child, death) from death
            except EngineOutOfMemory as error:
                self._child.discard(child)
                raise with_log(error, child) from None
            except EngineError as error:
                if self._lock.acquire(blocking=False):
                    # No other request waits for the child, which works on one that is over.
                    try:
                        self._child.discard(child)
                    finally:
                        self._lock.release()
                raise with_log(error, child) from None
            return self._result_of(answer, child)

    def _result_of(self, answer: Message, child: ChildProcess) -> Any:
        """Return the result in an answer, or raise the error in it."""
        if "error" not in answer:
            return answer["result"]
        error = error_from_message(answer["error"])
        if isinstance(error, EngineOutOfMemory):
            error = EngineOutOfMemory(limit=self._limits.memory)
        raise with_log(error, child) if isinstance(error, EngineError) else error

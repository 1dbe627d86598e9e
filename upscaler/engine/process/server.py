"""The engine's child process: models stay loaded between jobs."""

from __future__ import annotations

import faulthandler
import json
import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from upscaler.engine.options import UpscaleOptions
from upscaler.engine.process.protocol import Message, decode_message, error_to_message, send, take_over_stdout
from upscaler.engine.result import Checkpoint, Previews
from upscaler.engine.settings import EngineSettings
from upscaler.errors import EngineError, EngineOutOfMemory, UpscalerError

if TYPE_CHECKING:
    from upscaler.engine.devices.activity import Use
    from upscaler.engine.pipeline import Engine

logger = logging.getLogger(__name__)

_PROGRESS_SECONDS = 0.1


class Host:
    """The child's side: it answers requests one after another, and urgent ones in the pauses of the others.

    Args:
        settings: of the engine.
        scratch_dir: holds large intermediate results.
        answers: the stream that the parent reads.
        held: the devices in quarantine, as the process before this one reported them.
    """

    def __init__(
        self,
        settings: EngineSettings,
        scratch_dir: Path,
        answers: IO[bytes],
        held: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self._settings = settings
        self._scratch_dir = scratch_dir
        self._answers = answers
        self._held = held
        self._sending = threading.Lock()
        self._arrived = threading.Condition()
        self._waiting: deque[Message] = deque()
        self._urgent: deque[Message] = deque()
        self._input_ended = False
        self._engine: Engine | None = None
        self._reported: Message = {}
        self._actions: dict[str, Callable[[Message], Any]] = {
            "describe": self._describe,
            "warm_up": self._warm_up,
            "upscale": self._upscale,
        }

    def serve(self, requests: IO[bytes]) -> None:
        """Answer until the parent closes the input."""
        self._send({"ready": True})
        threading.Thread(target=self._read, args=(requests,), name="requests", daemon=True).start()
        while (request := self._next()) is not None:
            self._reply(request)

    def _read(self, requests: IO[bytes]) -> None:
        try:
            for line in requests:
                request = decode_message(line)
                with self._arrived:
                    (self._urgent if "request_id" in request else self._waiting).append(request)
                    self._arrived.notify()
        finally:
            with self._arrived:
                self._input_ended = True
                self._arrived.notify()

    def _next(self) -> Message | None:
        """Wait for a request; meanwhile the speeds of the backends are measured, in pieces of a moment each."""
        while True:
            with self._arrived:
                queue = self._urgent or self._waiting
                if queue or self._input_ended:
                    return queue.popleft() if queue else None
            if not self._refined():
                with self._arrived:
                    self._arrived.wait_for(lambda: self._urgent or self._waiting or self._input_ended)

    def _refined(self) -> bool:
        """Do a piece of the trial; return whether it made one."""
        if self._engine is None:
            return False
        try:
            more = self._engine.upscaler.refine()
        except Exception:
            # Requests can be answered without it.
            logger.exception("engine_trial_failed")
            return False
        if more:
            self._report_state()
        return more

    def _reply(self, request: Message) -> None:
        answer = self._answer(request)
        self._report_state()
        self._send({**answer, **_id_of(request)})

    def _report_state(self) -> None:
        """Report the backend in use and those that are not taken to the parent, where that has changed."""
        state = {} if self._engine is None else self._engine.upscaler.state()
        if state != self._reported:
            self._reported = state
            self._send({"state": state})

    def _report_use(self, use: Use | None) -> None:
        """Report the device at work to the parent: should this process die, it knows of which."""
        self._send({"use": use and use.as_dict()})

    def _send(self, message: Message) -> None:
        # The threads that write files report progress, too.
        with self._sending:
            send(self._answers, message)

    def _answer_urgent(self) -> bool:
        """Answer urgent requests in a pause of a long one, whose models are free then; return False, to go on."""
        while self._urgent:
            self._reply(self._urgent.popleft())
        return False

    def _answer(self, request: Message) -> Message:
        try:
            return {"result": self._actions[request["do"]](request)}
        except UpscalerError as error:
            if isinstance(error, EngineError):
                logger.exception("engine_error")
            return error_to_message(error)
        except MemoryError:
            logger.exception("engine_out_of_memory")
            return error_to_message(EngineOutOfMemory(limit=""))
        except Exception:
            # No error with one image may end the process, which has the models loaded; the traceback goes to the
            # parent's log.
            logger.exception("engine_unexpected_error")
            return error_to_message(EngineError())

    def _loaded_engine(self) -> Engine:
        if self._engine is None:
            from upscaler.engine.devices import activity  # noqa: PLC0415 - see below
            from upscaler.engine.pipeline import Engine  # noqa: PLC0415
            from upscaler.engine.tiling.upscaler import Upscaler  # noqa: PLC0415

            activity.listen(self._report_use)
            self._engine = Engine(Upscaler(self._settings, held=self._held))
        return self._engine

    def _describe(self, _: Message) -> dict[str, Any]:
        return self._loaded_engine().upscaler.describe()

    def _warm_up(self, request: Message) -> None:
        from upscaler.engine.model_zoo.recipe_builder import recipe_for  # noqa: PLC0415 - see below

        upscaler = self._loaded_engine().upscaler
        options = UpscaleOptions.from_mapping(request["options"])
        recipe = recipe_for(options, on_processor=upscaler.on_processor())
        upscaler.suited_to(recipe, deep=False).warm_up(recipe)

    def _upscale(self, request: Message) -> dict[str, Any]:
        # Imported here, not above, so that the process answers its parent within the first moments.
        from upscaler.engine.devices.attempts import Attempt, AttemptLog  # noqa: PLC0415
        from upscaler.engine.pipeline import upscale_file  # noqa: PLC0415
        from upscaler.engine.tiling.scratch import Scratch  # noqa: PLC0415

        result = upscale_file(
            Path(request["source"]),
            Path(request["target"]),
            Previews(*(Path(path) for path in request["previews"])) if request["previews"] else None,
            UpscaleOptions.from_mapping(request["options"]),
            self._loaded_engine(),
            on_progress=self._progress_reporter(_id_of(request)),
            on_step=lambda step: self._send({"step": step, **_id_of(request)}),
            should_stop=(lambda: False) if "request_id" in request else self._answer_urgent,
            scratch=Scratch(self._scratch_dir, _checkpoint_of(request)),
            attempts=AttemptLog(Attempt(**attempt) for attempt in request["attempts"]),
            jpeg_quality=request["jpeg_quality"],
        )
        return result.as_dict()

    def _progress_reporter(self, request_id: Message) -> Callable[[float], None]:
        last = 0.0

        def report(share: float) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= _PROGRESS_SECONDS:
                last = now
                self._report_state()
                self._send({"progress": round(share, 4), **request_id})

        return report


def _id_of(request: Message) -> Message:
    return {"request_id": request["request_id"]} if "request_id" in request else {}


def _checkpoint_of(request: Message) -> Checkpoint | None:
    checkpoint = request.get("checkpoint")
    return None if checkpoint is None else Checkpoint(Path(checkpoint["folder"]), checkpoint["limit_bytes"])


def main(arguments: list[str]) -> None:
    """Serve; arguments: the settings, the scratch folder, and the quarantine entries."""
    faulthandler.enable()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    # It logs a dozen lines for each image that do not help, and warnings that readers expect.
    logging.getLogger("pyvips").setLevel(logging.ERROR)
    settings, held = EngineSettings(**json.loads(arguments[0])), json.loads(arguments[2])
    host = Host(settings, Path(arguments[1]), take_over_stdout(), held)
    host.serve(sys.stdin.buffer)


if __name__ == "__main__":
    main(sys.argv[1:])

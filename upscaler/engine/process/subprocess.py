"""The parent's handle on one child process: start, send, receive, end."""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Any

from upscaler.engine.devices.attempts import Attempt
from upscaler.engine.process.cage.enter import Confinement
from upscaler.engine.process.cage.policy import PACKAGE, Cage, environment_of
from upscaler.engine.process.protocol import Message, decode_message, send

logger = logging.getLogger(__name__)

_LOG_LINES = 200
_LOG_LINE_CHARACTERS = 500
_KILL_WAIT_SECONDS = 5.0
# How often a wait for a message is interrupted to check that the child lives, and how long the delivery of its last
# messages may take after its end.
_LIVENESS_SECONDS = 1.0
_TAIL_SECONDS = 1.0
_EXIT = "exit status"
_START = "upscaler.engine.process.caged"
# The id of requests that carry none.
MAIN_REQUEST = 0
# Signals of a process that did something wrong; by others it is killed.
_FAULTS = {"SIGSEGV", "SIGABRT", "SIGBUS", "SIGILL", "SIGFPE", "SIGTRAP"}


class ChildDiedError(Exception):
    """The child has ended, or must be ended.

    Attributes:
        reason: a signal's name or the exit status, or how it hangs.
        hangs: whether it does nothing more but has not ended.
        by_fault: whether it did something wrong, or hangs; otherwise it was killed, or the cause is unknown.

    """

    def __init__(self, reason: str, *, hangs: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hangs = hangs
        self.by_fault = hangs or reason in _FAULTS or reason.startswith(_EXIT)


class ChildProcess:
    """A running ``python -m module`` in a cage, which speaks the protocol.

    One thread at a time may send requests without an id; others may send urgent ones at the same time.

    It gets the read end of a pipe and ends when this process does (see ``child_limits``). It has a session of its own,
    so that what it starts can be ended together with it.

    Args:
        module: to run.
        arguments: of the module.
        cage: what it may do; see ``cage.policy``. Of this process's environment, it gets what is no secret.
        environment: further variables.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str] = (),
        *,
        cage: Cage,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._module = module
        self._cage = cage
        self._writable = cage.identities()
        lifeline_end, self._lifeline = os.pipe()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", _START, str(lifeline_end), cage.as_json(), module, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_with_package({**environment_of(os.environ), **(environment or {})}),
                close_fds=True,
                pass_fds=(lifeline_end,),
                start_new_session=True,
            )
        except BaseException:
            os.close(self._lifeline)
            raise
        finally:
            os.close(lifeline_end)
        self._sending = threading.Lock()
        self._answers_lock = threading.Lock()
        # The messages that have arrived, by the id of their request; None at the end.
        self._answers: dict[int, queue.SimpleQueue[Message | None]] = {MAIN_REQUEST: queue.SimpleQueue()}
        self._ids = itertools.count(1)
        self._silent = False
        # The state that the child reported last, whatever the request.
        self.state: Message = {}
        # What holds of its cage, as it reported when it had entered.
        self.cage: Message = {}
        # The device that it reported last to be at work, None for none.
        self.use: Message | None = None
        # The device that it died of, as its owner found out.
        self.blamed: Attempt | None = None
        self._log: deque[str] = deque(maxlen=_LOG_LINES)
        self._threads = [
            threading.Thread(
                target=target, args=(stream,), name=f"{target.__name__.strip('_')}-{self.pid}", daemon=True
            )
            for target, stream in (
                (self._read_messages, self._process.stdout),
                (self._read_log, self._process.stderr),
            )
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def is_confined_to_its_folders(self) -> bool:
        """Whether the folders of its cage are those that were there when it started, not removed and made again."""
        return self._cage.identities() == self._writable

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    @property
    def log_tail(self) -> str:
        """The last lines that the child wrote to its standard error."""
        return "\n".join(tuple(self._log))

    def send(self, message: Mapping[str, Any]) -> None:
        """Send a message; raise ``ChildDiedError`` when the child is gone."""
        assert self._process.stdin is not None  # noqa: S101 - a pipe, as set above; for mypy
        try:
            with self._sending:
                send(self._process.stdin, message)
        except (OSError, ValueError) as error:
            # A ``ValueError`` says that another thread has closed the stream.
            raise ChildDiedError(self._reason()) from error

    @contextmanager
    def urgent_request(self) -> Iterator[int]:
        """Give the id for one urgent request, and receive its answers in the block; later ones are dropped."""
        with self._answers_lock:
            request_id = next(self._ids)
            self._answers[request_id] = queue.SimpleQueue()
            if self._silent:
                self._answers[request_id].put(None)
        try:
            yield request_id
        finally:
            with self._answers_lock:
                del self._answers[request_id]

    def receive(self, timeout_seconds: float, request_id: int = MAIN_REQUEST) -> Message | None:
        """Return the next message, None when none came in time; raise ``ChildDiedError`` when none will."""
        deadline = time.monotonic() + timeout_seconds
        while True:
            # A process that the child has started may hold its output open; then its death does not end the stream.
            has_ended = not self.running
            left = max(0.0, deadline - time.monotonic())
            try:
                message = self._answers[request_id].get(
                    timeout=_TAIL_SECONDS if has_ended else min(left, _LIVENESS_SECONDS)
                )
            except queue.Empty:
                if has_ended:
                    raise ChildDiedError(self._reason()) from None
                if left == 0.0:
                    return None
                continue
            if message is None:
                raise ChildDiedError(self._reason())
            return message

    def death(self) -> ChildDiedError:
        """Return how it ended, of a process that has ended; all that it sent before has arrived then."""
        for thread in self._threads:
            thread.join(_TAIL_SECONDS)
        return ChildDiedError(self._reason())

    def end(self, grace_seconds: float) -> None:
        """Let the child leave by itself for a while, then kill it. Safe to call twice."""
        assert self._process.stdin is not None  # noqa: S101 - a pipe, as set above; for mypy
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            if grace_seconds > 0:
                self._process.wait(grace_seconds)
        self.kill()

    def kill(self) -> None:
        """End the child and everything it started, at once. Safe to call twice."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait(_KILL_WAIT_SECONDS)
        for thread in self._threads:
            thread.join(_KILL_WAIT_SECONDS)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert stream is not None  # noqa: S101 - pipes, as set above; for mypy
            with contextlib.suppress(OSError):
                stream.close()
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1

    def _reason(self) -> str:
        """Return how the child ended; a child that closed its output without ending is killed."""
        try:
            status = self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return "closed its output"
        if status >= 0:
            return f"{_EXIT} {status}"
        with contextlib.suppress(ValueError):
            return signal.Signals(-status).name
        return f"signal {-status}"

    def _read_messages(self, stream: IO[bytes]) -> None:
        try:
            for line in stream:
                self._deliver(decode_message(line))
        except ValueError:
            # A child that no longer speaks the protocol cannot be trusted with the rest.
            self._log.append("the process wrote something that is not a message")
        with self._answers_lock:
            self._silent = True
            for answers in self._answers.values():
                answers.put(None)

    def _deliver(self, message: Message) -> None:
        if "state" in message:
            self.state = message["state"]
            return
        if "cage" in message:
            self.cage = message["cage"]
            lacking = Confinement(**self.cage).lacking
            details = {"child_pid": self.pid, "child_module": self._module, "lacking": lacking, **self.cage}
            logger.log(logging.WARNING if lacking else logging.INFO, "child_caged", extra=details)
            return
        if "use" in message:
            self.use = message["use"]
            return
        with self._answers_lock:
            answers = self._answers.get(message.pop("request_id", MAIN_REQUEST))
            if answers is not None:
                answers.put(message)

    def _read_log(self, stream: IO[bytes]) -> None:
        for line in stream:
            text = line.decode("utf-8", "replace").rstrip()[:_LOG_LINE_CHARACTERS]
            self._log.append(text)
            logger.info("child_output", extra={"child_pid": self.pid, "line": text})


def _with_package(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with the folder of this package on Python's path."""
    root = str(PACKAGE.parent)
    path = environment.get("PYTHONPATH", "")
    return {**environment, "PYTHONPATH": os.pathsep.join(part for part in (root, path) if part)}

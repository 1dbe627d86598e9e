"""Processes that are watched, started again when they die, and ended together."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import FrameType

import config as configuration

# A child that ends is started again after this many seconds, doubled each time it happens in a row.
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
# A child that has run this long is well: the next pause is short again.
WELL_AFTER_SECONDS = 60.0
# Children that have not ended this long after SIGTERM are killed.
STOP_SECONDS = 8.0
_PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """A process that belongs to the service."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause: float = FIRST_PAUSE_SECONDS
    start_again_at: float = 0.0
    environment: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        """Start the process in a group of its own, so that Ctrl-C reaches the parent alone."""
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            cwd=configuration.ROOT,
            env={**os.environ, **self.environment},
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - this process has one thread, so nothing can be locked
        )

    def watch(self) -> None:
        """Start the process again when it has ended."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.start_again_at:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            if now - self.started_at > WELL_AFTER_SECONDS:
                self.pause = FIRST_PAUSE_SECONDS
            return
        print(
            f"The {self.name} process ended ({_reason(code)}); starting it again in {self.pause:.0f} s.",
            file=sys.stderr,
        )
        self.process = None
        self.start_again_at = now + self.pause
        self.pause = min(LONGEST_PAUSE_SECONDS, self.pause * 2)


def end(children: Sequence[Child]) -> None:
    """End all children: ask first, then kill their whole groups."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    running = [child.process for child in children if child.process is not None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in running:
        try:
            process.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
        # What a child has started is in its group; most of it has ended with the child.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _die_with_parent() -> None:
    """Have the kernel end this child when the parent is killed (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class StopRequested(BaseException):
    """Raised between two steps when SIGINT or SIGTERM has come.

    Never from the signal itself: it may come while a lock is held, which would then be held for ever.
    """

    pending = False


def note_stop(_number: int, _frame: FrameType | None) -> None:
    """Handle a signal."""
    StopRequested.pending = True


def pause(seconds: float) -> None:
    """Sleep; raise ``StopRequested`` when a signal has come."""
    time.sleep(seconds)
    if StopRequested.pending:
        raise StopRequested


def _reason(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"

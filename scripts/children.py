"""Child processes that are supervised, restarted when they end, and stopped together."""

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

# A child that ends is restarted after this many seconds, doubled each time in a row.
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
# A child that has run for this long is stable: the next pause is short again.
STABLE_AFTER_SECONDS = 60.0
# A child that has not ended this long after SIGTERM is killed.
STOP_SECONDS = 8.0
_PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """A process of the service."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause: float = FIRST_PAUSE_SECONDS
    restart_at: float = 0.0
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
        """Restart the process when it has ended."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.restart_at:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            if now - self.started_at > STABLE_AFTER_SECONDS:
                self.pause = FIRST_PAUSE_SECONDS
            return
        print(
            f"The {self.name} process ended ({_reason(code)}); restarting it in {self.pause:.0f} s.",
            file=sys.stderr,
        )
        self.process = None
        self.restart_at = now + self.pause
        self.pause = min(LONGEST_PAUSE_SECONDS, self.pause * 2)


def end(children: Sequence[Child]) -> None:
    """Stop all children: with SIGTERM first, then by killing their process groups."""
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
        # Processes that a child has started are in its group; most have ended with it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _die_with_parent() -> None:
    """Have the kernel send SIGTERM to this child when the parent is killed (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class StopRequested(BaseException):
    """Raised between two steps when SIGINT or SIGTERM has come.

    Never raised from the signal handler: a lock that is held at that moment would never be released.
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

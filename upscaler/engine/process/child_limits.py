"""Limits that a child sets for itself; above all, it never outlives its parent."""

from __future__ import annotations

import contextlib
import fcntl
import math
import os
import resource
import select
import signal
from pathlib import Path


def die_with_parent(lifeline: int) -> None:
    """Let the kernel end this process when the other end of the pipe ``lifeline`` is closed.

    The parent holds that end and never writes to it, so it closes when the parent ends in whatever way. The
    kernel then sends SIGIO, whose default action ends the process even while a native call holds the
    interpreter's lock. A thread that reads the pipe could not act then, and PR_SET_PDEATHSIG would also fire
    when only the thread that started the child ends.
    """
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
    watch = select.poll()
    watch.register(lifeline, 0)
    if watch.poll(0):
        # The parent was gone before the signal was armed.
        os._exit(1)


def leave_signals_to_parent() -> None:
    """Ignore the signals that a terminal or a supervisor sends to every process: the parent decides."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def limit_memory(limit_bytes: int) -> None:
    """Bound the address space of this process: an allocation beyond it raises ``MemoryError``."""
    resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))


def limit_cpu(seconds: float) -> None:
    """Let the kernel end this process with SIGXCPU after so many further seconds of processor time."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    # Whole seconds: rounded up.
    soft = math.ceil(used.ru_utime + used.ru_stime + seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def prefer_as_victim() -> None:
    """Ask Linux to end this process rather than its parent when the machine runs out of memory."""
    # Not on Linux, or in a container that mounts /proc read-only: then this is not possible.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")

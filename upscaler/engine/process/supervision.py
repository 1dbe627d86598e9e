"""The supervision of a child that works on a request: time, memory, cancellation, and tests that hang."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from upscaler.engine.process.memory import resident_bytes
from upscaler.engine.process.protocol import Message
from upscaler.engine.process.subprocess import MAIN_REQUEST, ChildDiedError, ChildProcess
from upscaler.errors import EngineCanceled, EngineOutOfMemory, EngineTimeout

_POLL_SECONDS = 0.2
# A probe of a device, or the loading and test of one model on it, that takes longer hangs: the slowest that was seen
# took 10 s.
_TEST_SECONDS = 300.0


# What messages have that report on a request and do not answer it.
_REPORTS = frozenset({"progress", "step"})


@dataclass(frozen=True)
class EngineLimits:
    """The limits of one request: wall time in seconds, resident memory of the child's family in bytes."""

    timeout_seconds: float
    memory_bytes: int

    @property
    def memory(self) -> str:
        """The resident memory, as people read it."""
        return f"{self.memory_bytes / (1 << 20):.0f} MiB"


def await_answer(
    child: ChildProcess,
    limits: EngineLimits,
    on_report: Callable[[Message], None] | None,
    should_stop: Callable[[], bool] | None,
    request_id: int = MAIN_REQUEST,
) -> Message:
    """Wait for the answer to a request; ``on_report`` gets the messages that report its progress or its step.

    Raises:
        ChildDiedError: the child has ended, or hangs in a test.
        EngineCanceled: ``should_stop`` returned True.
        EngineTimeout: it took longer than the limit.
        EngineOutOfMemory: it needed more memory than the limit.

    """
    watch = _Watch(child, limits, should_stop)
    next_check = 0.0
    while True:
        now = time.monotonic()
        if now >= next_check:
            next_check = now + _POLL_SECONDS
            watch.check(now)
        message = child.receive(_POLL_SECONDS, request_id)
        if message is None or "ready" in message:
            continue
        if message.keys().isdisjoint(_REPORTS):
            return message
        if on_report is not None:
            on_report(message)


class _Watch:
    """A regular check of whether a child that works on a request may go on."""

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
        """Raise the error that ends the request, if it has to end."""
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

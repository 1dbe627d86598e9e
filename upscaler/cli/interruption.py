"""Signals that end the program: Ctrl-C, the end of the session, a request to terminate."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# What shells add to the number of a signal that ended a program.
_STATUS = 128


class Interruption:
    """A signal that ends the program, once it has come."""

    def __init__(self) -> None:
        self._signal: int = 0

    def __call__(self) -> bool:
        """Return whether a signal has come."""
        return self._signal != 0

    @property
    def status(self) -> int:
        """The exit status for the signal; that of Ctrl-C before one has come."""
        return _STATUS + (self._signal or signal.SIGINT)

    def receive(self, number: int, _: FrameType | None) -> None:
        """Note a signal; a second one raises ``KeyboardInterrupt`` at once."""
        if self._signal:
            raise KeyboardInterrupt
        self._signal = number


@contextmanager
def interruption() -> Iterator[Interruption]:
    """Yield whether a signal has come: work stops where nothing is left behind, and a second signal stops it at once.

    ``KeyboardInterrupt`` could be raised inside a callback from a native library, which would swallow it. A signal that
    the caller has switched off, as ``nohup`` does, stays so.
    """
    noted = Interruption()
    before = {}
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, noted.receive)
    try:
        yield noted
    finally:
        for number, handler in before.items():
            with suppress(TypeError):  # a handler that was not set from Python
                signal.signal(number, handler)

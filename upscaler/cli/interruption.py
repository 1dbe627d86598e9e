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
    """A signal that ends the program, once it has come.

    Work with models asks for it between tiles: ``KeyboardInterrupt`` could be raised inside a callback from a native
    library, which would swallow it. Everything else is within ``at_once``, where a signal raises it. A second signal
    always does.
    """

    def __init__(self) -> None:
        self._signal: int = 0
        self._raises = False

    def __call__(self) -> bool:
        """Return whether a signal has come."""
        return self._signal != 0

    @property
    def status(self) -> int:
        """The exit status for the signal; that of Ctrl-C before one has come."""
        return _STATUS + (self._signal or signal.SIGINT)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Raise ``KeyboardInterrupt`` for a signal in the block, or before it."""
        before, self._raises = self._raises, True
        try:
            if self._signal:
                raise KeyboardInterrupt
            yield
        finally:
            self._raises = before

    def receive(self, number: int, _: FrameType | None = None) -> None:
        """Note a signal."""
        is_second, self._signal = self._signal != 0, self._signal or number
        if is_second or self._raises:
            raise KeyboardInterrupt


@contextmanager
def interruption() -> Iterator[Interruption]:
    """Yield the interruption of the program; a signal that the caller has switched off, as ``nohup`` does, stays so."""
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

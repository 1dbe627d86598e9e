"""Which device is at work at this moment, told to whoever must know what a process died of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from upscaler.engine.devices.quarantine import Device


@dataclass(frozen=True)
class Use:
    """What a device is doing.

    Attributes:
        engine: name of the backend.
        device: name of its processor or graphics device, "" while that is not known.
        precision: numbers that it computes in, "" while that is not known.
        networks: names of those that run.
        testing: whether it is looked for, loads a network or tests it; an image is upscaled otherwise.
    """

    engine: str
    device: str
    precision: str
    networks: tuple[str, ...]
    testing: bool

    @property
    def key(self) -> Device:
        """What goes into quarantine when it fails."""
        return Device(self.engine, self.device, self.precision)

    def as_dict(self) -> dict[str, Any]:
        """Return the use as JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Use:
        """Read what ``as_dict`` gave."""
        return cls(**{**values, "networks": tuple(values["networks"])})


_Listener = Callable[[Use | None], None]

# Networks run in one thread of a process, a small image in the pauses of a large one: a stack.
_uses: list[Use] = []
_listeners: list[_Listener] = []


def listen(listener: _Listener) -> None:
    """Have a function called with what begins, and with what is left, or None, when something ends."""
    _listeners.append(listener)


@contextmanager
def in_use(device: Device, networks: Iterable[str], *, testing: bool) -> Iterator[None]:
    """Tell the listeners that a device works on networks until the end of the block."""
    _uses.append(Use(*device, tuple(networks), testing))
    _tell()
    try:
        yield
    finally:
        _uses.pop()
        _tell()


def _tell() -> None:
    for listener in _listeners:
        listener(_uses[-1] if _uses else None)

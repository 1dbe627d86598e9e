"""The device at work at this moment, reported to a listener: should the process die, its parent knows of what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from upscaler.engine.devices.quarantine import Device


@dataclass(frozen=True)
class Use:
    """The work of a device at one moment.

    Attributes:
        engine: name of the backend.
        device: name of its processor or graphics device, "" while that is not known.
        precision: numbers that it computes in, "" while that is not known.
        models: names of those that run.
        testing: True while it is probed, loads a model or tests it; False while it upscales an image.
    """

    engine: str
    device: str
    precision: str
    models: tuple[str, ...]
    testing: bool

    @property
    def key(self) -> Device:
        """The device that goes into quarantine when it fails."""
        return Device(self.engine, self.device, self.precision)

    def as_dict(self) -> dict[str, Any]:
        """Return the use as JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Use:
        """Read what ``as_dict`` gave."""
        return cls(**{**values, "models": tuple(values["models"])})


_Listener = Callable[[Use | None], None]

# Models run in one thread of a process, those of a small image in the pauses of a large one: a stack.
_uses: list[Use] = []
_listeners: list[_Listener] = []


def listen(listener: _Listener) -> None:
    """Register a function that is called with the work that begins, and with what is left, or None, when one ends."""
    _listeners.append(listener)


@contextmanager
def in_use(device: Device, models: Iterable[str], *, testing: bool) -> Iterator[None]:
    """Report to the listeners that a device runs models until the end of the block."""
    _uses.append(Use(*device, tuple(models), testing))
    _report()
    try:
        yield
    finally:
        _uses.pop()
        _report()


def _report() -> None:
    for listener in _listeners:
        listener(_uses[-1] if _uses else None)

"""The attempts of a job: each backend that failed it, in order, and the one that made the result."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from upscaler.engine.devices.quarantine import Device


@dataclass(frozen=True)
class Attempt:
    """One attempt.

    Attributes:
        engine: name of the backend.
        device: name of the processor or graphics device.
        precision: numbers that it computed in.
        tile: side of a tile's core in input pixels, None where not even the self-test was passed.
        reason: why it failed, None for the one that worked.

    """

    engine: str
    device: str
    precision: str
    tile: int | None
    reason: str | None

    def as_dict(self) -> dict[str, Any]:
        """Return the attempt as JSON-ready values."""
        return asdict(self)


class AttemptLog:
    """The failed attempts of one job, which hands it to all that may fail.

    Args:
        before: attempts that failed the same job in a process that has ended.
    """

    def __init__(self, before: Iterable[Attempt] = ()) -> None:
        self._failed = list(before)

    @property
    def failed(self) -> tuple[Attempt, ...]:
        """The attempts so far, in order."""
        return tuple(self._failed)

    def note(self, device: Device, tile: int | None, reason: str) -> None:
        """Add an attempt that failed."""
        self._failed.append(Attempt(*device, tile, reason))

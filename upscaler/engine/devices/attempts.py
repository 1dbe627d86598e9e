"""What a job tried: every backend that failed it, in order, and the one that did it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Attempt:
    """One try.

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
        """Return the try as JSON-ready values."""
        return asdict(self)


# Of the job that this thread works on. A small job may run in a pause of a long one, so each has a list of its own.
_failed: ContextVar[list[Attempt] | None] = ContextVar("failed_tries", default=None)
# Of the next job of this thread, in a process that has ended.
_before: ContextVar[tuple[Attempt, ...]] = ContextVar("tries_before", default=())


@contextmanager
def carried_on(before: Iterable[Attempt]) -> Iterator[None]:
    """Have the job in the block begin with tries that failed it in another process."""
    token = _before.set(tuple(before))
    try:
        yield
    finally:
        _before.reset(token)


@contextmanager
def collected_tries() -> Iterator[list[Attempt]]:
    """Collect what fails until the end of the block: one job."""
    tries = list(_before.get())
    token = _failed.set(tries)
    try:
        yield tries
    finally:
        _failed.reset(token)


def in_job() -> bool:
    """Tell whether this thread works on a job."""
    return _failed.get() is not None


def note(failed: Attempt) -> None:
    """Add a failed try to the job that this thread works on, if there is one."""
    tries = _failed.get()
    if tries is not None:
        tries.append(failed)

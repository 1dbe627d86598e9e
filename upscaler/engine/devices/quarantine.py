"""The quarantine of devices that failed: they are used again once they pass their self-test."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, NamedTuple

# A driver that was restarted or a card that has cooled down is back within minutes; one that is broken stays so, and
# each test of it delays a job.
FIRST_SECONDS = 600.0
LONGEST_SECONDS = 86_400.0
_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


class Device(NamedTuple):
    """The unit of failure: an engine on a device in a precision."""

    engine: str
    name: str
    precision: str


@dataclass
class _Failures:
    """The failures of one device: their number, the last one, and the models that it has to be tested with.

    ``since`` and ``test_at`` are seconds since 1970; ``held`` says whether it is in quarantine.
    """

    count: int = 0
    reason: str = ""
    since: float = 0.0
    test_at: float = 0.0
    held: bool = False
    models: set[str] = field(default_factory=set)


class Quarantine:
    """The devices that failed, with the time of their next test. Threads may share it.

    Args:
        clock: returns seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._devices: dict[Device, _Failures] = {}

    @classmethod
    def restored(cls, entries: Iterable[Mapping[str, Any]]) -> Quarantine:
        """Return a quarantine with the devices that another one held; ``entries`` are what its ``as_list`` gave."""
        quarantine = cls()
        for entry in entries:
            device = Device(entry["engine"], entry["device"], entry["precision"])
            quarantine._devices[device] = _Failures(
                count=entry["failures"],
                reason=entry["reason"],
                since=_seconds(entry["quarantined_at"]),
                test_at=_seconds(entry["next_test_at"]),
                held=True,
                models=set(entry["models"]),
            )
        return quarantine

    def add(self, device: Device, reason: str, models: Iterable[str] = ()) -> None:
        """Put a device into quarantine, or keep it there twice as long as the last time, a day at most.

        ``models`` are the names of those that it ran when it failed, for the test.
        """
        now = self._clock()
        with self._lock:
            failures = self._devices.setdefault(device, _Failures())
            if not failures.held:
                if now - failures.test_at > LONGEST_SECONDS:
                    # It has worked for a day: earlier failures no longer count.
                    failures.count = 0
                failures.since = now
            failures.held = True
            failures.count += 1
            failures.reason = reason
            failures.test_at = now + min(FIRST_SECONDS * 2 ** min(failures.count - 1, 30), LONGEST_SECONDS)
            failures.models.update(models)

    def lift(self, device: Device) -> None:
        """Release a device that has passed its test."""
        with self._lock:
            if device in self._devices:
                self._devices[device].held = False
                self._devices[device].models.clear()

    def holds(self, device: Device) -> bool:
        """Return whether a device is in quarantine."""
        with self._lock:
            return device in self._devices and self._devices[device].held

    def reason(self, device: Device) -> str | None:
        """Return why a device is in quarantine, None where it is not."""
        with self._lock:
            return (
                self._devices[device].reason
                if device in self._devices and self._devices[device].held
                else None
            )

    def is_due(self, device: Device) -> bool:
        """Return whether a device in quarantine is due for a test."""
        with self._lock:
            failures = self._devices.get(device)
            return failures is not None and failures.held and self._clock() >= failures.test_at

    def models(self, device: Device) -> frozenset[str]:
        """Return the names of the models that a device failed with."""
        with self._lock:
            return frozenset(self._devices[device].models) if device in self._devices else frozenset()

    def as_list(self) -> list[dict[str, Any]]:
        """Return the devices in quarantine as JSON-ready values; moments as in the API."""
        with self._lock:
            return [
                {
                    "engine": device.engine,
                    "device": device.name,
                    "precision": device.precision,
                    "reason": failures.reason,
                    "quarantined_at": _moment(failures.since),
                    "next_test_at": _moment(failures.test_at),
                    "failures": failures.count,
                    "models": sorted(failures.models),
                }
                for device, failures in self._devices.items()
                if failures.held
            ]


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime(_FORMAT)


def _seconds(moment: str) -> float:
    return datetime.strptime(moment, _FORMAT).replace(tzinfo=timezone.utc).timestamp()

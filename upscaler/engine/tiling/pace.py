"""Progress within windows: how far the runs of models that are under way should be, from how long others took."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass

from upscaler.engine.backends.base import Backend
from upscaler.engine.backends.speed_table import SpeedTable
from upscaler.engine.devices.quarantine import Device
from upscaler.engine.model_zoo.catalogue import Model

# Up to this share of a run the expected time is believed; beyond, it goes on ever more slowly, and never ends.
_BELIEVED = 0.75
# Where nothing was measured, the catalogue's time is for two cores of a fast machine.
_CATALOGUE_FACTOR = 4.0
# The weight of the latest run in the mean of those before it.
_WEIGHT = 0.5


@dataclass(frozen=True)
class _Run:
    """A run under way: when it began, the seconds that it should take, and its work in any unit."""

    began: float
    seconds: float
    work: float


class Pace:
    """The pace of models on one image; several threads may run them.

    Args:
        expected: returns the seconds that a run of a model should take for each input pixel, None where nothing is
            known of it.
        seen: gets the seconds per input pixel of the runs that have ended, by the name of the model, and has those of
            earlier images.
        clock: seconds that only rise.

    """

    def __init__(
        self,
        expected: Callable[[Model], float | None],
        seen: MutableMapping[str, float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._expected = expected
        self._seen = seen
        self._clock = clock
        self._lock = threading.Lock()
        self._runs: dict[int, _Run] = {}
        self._begun = 0

    @contextmanager
    def run(self, model: Model, pixels: int, work: float) -> Iterator[None]:
        """Count the block as a run of a model on a window of so many input pixels, which is so much work."""
        with self._lock:
            self._begun += 1
            number, began = self._begun, self._clock()
            self._runs[number] = _Run(began, self._seconds_per_pixel(model) * pixels, work)
        try:
            yield
        except BaseException:
            self._end(number)
            raise
        with self._lock:
            seconds = (self._clock() - began) / pixels
            before = self._seen.get(model.name, seconds)
            self._seen[model.name] = before + _WEIGHT * (seconds - before)
        self._end(number)

    def work_under_way(self) -> float:
        """Return how much of the work of the runs under way should be done; of each less than all."""
        now = self._clock()
        with self._lock:
            return sum(run.work * _share((now - run.began) / run.seconds) for run in self._runs.values())

    def _end(self, number: int) -> None:
        with self._lock:
            del self._runs[number]

    def _seconds_per_pixel(self, model: Model) -> float:
        seen = self._seen.get(model.name) or self._expected(model)
        return seen or model.seconds_per_megapixel * _CATALOGUE_FACTOR / 1e6


class Paces:
    """The paces of models by backend, from the trial at first, then from what images took in this process."""

    def __init__(self, speeds: SpeedTable) -> None:
        self._speeds = speeds
        self._seen: dict[Device, dict[str, float]] = {}

    def on(self, backend: Backend, models: Iterable[Model]) -> Pace:
        """Return the pace for an image that these models upscale on a backend."""
        streams = backend.streams_for(models)

        def expected(model: Model) -> float | None:
            speeds = self._speeds.ranking(model)
            found = next((speed for speed in speeds if speed.key == backend.device_key), None)
            # The measured speed is that of all windows side by side.
            return None if found is None else streams / found.pixels_per_second

        return Pace(expected, self._seen.setdefault(backend.device_key, {}))


def _share(multiple: float) -> float:
    """Return the share of a run that should be done after a multiple of its expected time, less than 1."""
    if multiple <= _BELIEVED:
        return multiple
    # A hyperbola that leaves the line smoothly.
    left = 1 - _BELIEVED
    return 1 - left / (1 + (multiple - _BELIEVED) / left)

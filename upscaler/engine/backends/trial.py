"""The trial: which backend runs each model fastest on this machine, measured in short pieces between requests."""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from upscaler.engine.backends.base import Backend
from upscaler.engine.backends.layer_graph import Part
from upscaler.engine.backends.pool import load_tested
from upscaler.engine.backends.rrdb_block import first_block
from upscaler.engine.backends.speed import Timing, timed
from upscaler.engine.backends.speed_table import Speed, SpeedTable
from upscaler.engine.backends.windows import run_window
from upscaler.engine.devices.activity import in_use
from upscaler.engine.devices.failures import FAILURES, reason_of
from upscaler.engine.devices.quarantine import Device
from upscaler.engine.model_zoo.catalogue import RRDB, Model
from upscaler.engine.model_zoo.ncnn_graph import read_graph
from upscaler.engine.model_zoo.weights import find_weights
from upscaler.engine.settings import EngineSettings

_log = logging.getLogger(__name__)

# Side of windows that take a twentieth of a second on common processors.
_SIDE = 96
_ROUNDS = 2
# One that takes so many times as long as the best in the first round is not measured again.
_HOPELESS = 1.5
# The best one, and the second if it takes up to so many times as long, are measured once more, on a window that takes
# about so long: large windows are slower than small ones, and not to the same degree on all backends.
_CLOSE = 1.25
_FINAL_SECONDS = 0.1
_FINAL_SIDE = 256
# One that was hopeless with networks of so many architectures is not measured on the others.
_ARCHITECTURES_TO_TELL = 2
# The clock's time over what each processor works of it, where nothing else runs.
_UNEVEN = 1.1

_Pieces = Generator[None, None, list[Speed]]
# Runs a window of that side in pixels.
_Run = Callable[[int], object]


@dataclass
class _Contestant:
    """A backend with a model, or a part of one, in memory.

    Attributes:
        backend: the backend.
        run: runs a window.
        streams: windows that run side by side.
        rounds: what was measured.
    """

    backend: Backend
    run: _Run
    streams: int
    rounds: list[Timing] = field(default_factory=list)

    @property
    def score(self) -> float:
        """The clock's time and the processors' count alike: busy neighbours change the one more or the other."""
        return min(one.clock for one in self.rounds) * min(one.cpu for one in self.rounds)

    def measure(self, side: int, models: Sequence[str]) -> Timing:
        """Run a window on each stream."""
        with in_use(self.backend.device_key, models, testing=True):
            return timed(lambda: self.run(side), self.streams)

    def speed(self, side: int, timings: Sequence[Timing]) -> Speed:
        """Return the speed by the quickest of several runs.

        A processor that does other work meanwhile is taken to be free later: the clock counts as far as the time of the
        processors explains it.
        """
        device = self.backend.device_key
        seconds = min(one.clock for one in timings)
        if self.backend.on_processor:
            used = min(one.cpu for one in timings) / self.backend.settings.threads
            seconds = min(seconds, used * _UNEVEN)
        return Speed(device.engine, device.precision, device.name, self.streams, side * side / seconds)


def trial(
    backends: Callable[[], Iterator[Backend]],
    models: Sequence[Model],
    table: SpeedTable,
    settings: EngineSettings,
) -> Iterator[None]:
    """Measure the models that a table does not know, and record them there; a ``yield`` ends each short piece.

    A backend whose result of the known image is wrong, or that fails, is left out for that model.

    Args:
        backends: gives those that work here, one after another.
        models: to measure, the most wanted in front.
        table: keeps the speeds.
        settings: of the engine.

    """
    # Models of the same layers are equally fast: the first one is measured for all.
    first_of: dict[str, Model] = {}
    for model in models:
        first_of.setdefault(model.param_sha256, model)
    missing = [model for model in first_of.values() if not table.knows(model)]
    if not missing:
        return
    working: list[Backend] = []
    for backend in backends():
        working.append(backend)
        yield
    blocks: dict[int, list[Speed]] = {}
    hopeless_with: dict[Device, set[str]] = defaultdict(set)
    for model in missing:
        try:
            if model.architecture == RRDB:
                speeds = yield from _by_block(working, model, settings, blocks)
            else:
                speeds = yield from _whole(working, model)
        except FAILURES as error:
            _log.warning("no trial of %s: %s", model.name, reason_of(error, model.name))
            continue
        if speeds:
            for one in speeds:
                if one.pixels_per_second * _HOPELESS < speeds[0].pixels_per_second:
                    hopeless_with[one.key].add(model.architecture)
            working = [
                backend
                for backend in working
                if len(hopeless_with[backend.device_key]) < _ARCHITECTURES_TO_TELL
            ]
            table.record(
                model, [replace(one, pixels_per_second=round(one.pixels_per_second)) for one in speeds]
            )
            _log.info("trial of %s: %s", model.name, ", ".join(map(_text, speeds)))


def _text(speed: Speed) -> str:
    return f"{speed.engine} {speed.precision} x {speed.streams} {speed.pixels_per_second:.0f} px/s"


def _whole(backends: Sequence[Backend], model: Model) -> _Pieces:
    """Measure a model on each backend, in turns."""

    def prepared(backend: Backend) -> _Run:
        loaded = load_tested(backend, model)
        return lambda side: run_window(loaded, _window(side))

    return _ranked(backends, model, prepared)


def _by_block(
    backends: Sequence[Backend], model: Model, settings: EngineSettings, blocks: dict[int, list[Speed]]
) -> _Pieces:
    """Measure the first block of an RRDB network; ``blocks`` keeps the speeds of blocks by their channels."""
    files = find_weights(model, settings.models_dir, settings.cache_dir)
    part, share = first_block(read_graph(files.param, files.bin), 3 + len(model.maps))
    if part.channels not in blocks:

        def prepared(backend: Backend) -> _Run | None:
            with in_use(backend.device_key, [model.name], testing=True):
                run = backend.load_part(model, part)
            return None if run is None else lambda side: run(_planes(part, side))

        blocks[part.channels] = yield from _ranked(backends, model, prepared)
    return [replace(one, pixels_per_second=one.pixels_per_second * share) for one in blocks[part.channels]]


def _ranked(backends: Sequence[Backend], model: Model, prepared: Callable[[Backend], _Run | None]) -> _Pieces:
    """Return the speeds of those that work, best first."""
    contestants: list[_Contestant] = []
    for backend in backends:
        try:
            run = prepared(backend)
            yield
            if run is None:
                continue
            one = _Contestant(backend, run, backend.streams_for([model]))
            # The first run of a size also reserves memory.
            one.measure(_SIDE, [model.name])
        except FAILURES as error:
            _log_failure(backend, model, error)
            continue
        contestants.append(one)
        yield
    running = sorted((yield from _in_turns(contestants, model)), key=lambda one: one.score)
    large = (yield from _on_large_windows(running, model)) if running else {}
    small = {one.backend.device_key: one.speed(_SIDE, one.rounds) for one in contestants if one.rounds}
    # The others were measured on small windows alone.
    ratio = min([1.0, *(large[key].pixels_per_second / small[key].pixels_per_second for key in large)])
    scaled = (
        replace(speed, pixels_per_second=speed.pixels_per_second * ratio)
        for key, speed in small.items()
        if key not in large
    )
    return [*_by_speed(large.values()), *_by_speed(scaled)]


def _on_large_windows(
    ranked: Sequence[_Contestant], model: Model
) -> Generator[None, None, dict[Device, Speed]]:
    """Return the speeds of the best one, and of the second if it is close, on windows as large as an image's."""
    best, close = ranked[0], ranked[0].score * _CLOSE**2
    side = _final_side(best, model)
    speeds: dict[Device, Speed] = {}
    for one in ranked[:2]:
        if one.score > close:
            continue
        try:
            # The first run of a size also reserves memory.
            one.measure(side, [model.name])
            yield
            speeds[one.backend.device_key] = one.speed(side, [one.measure(side, [model.name])])
        except FAILURES as error:
            _log_failure(one.backend, model, error)
            one.rounds.clear()
        yield
    return speeds


def _log_failure(backend: Backend, model: Model, error: BaseException) -> None:
    _log.warning("trial without %s %s: %s", backend.name, backend.precision, reason_of(error, model.name))


def _by_speed(speeds: Iterable[Speed]) -> list[Speed]:
    return sorted(speeds, key=lambda one: -one.pixels_per_second)


def _in_turns(contestants: Sequence[_Contestant], model: Model) -> Generator[None, None, list[_Contestant]]:
    """Run one round of each after another, so that whatever else runs disturbs them alike; return those in the last."""
    running = list(contestants)
    for _ in range(_ROUNDS):
        for one in tuple(running):
            try:
                one.rounds.append(one.measure(_SIDE, [model.name]))
            except FAILURES as error:
                _log_failure(one.backend, model, error)
                one.rounds.clear()
                running.remove(one)
            yield
        best = min((one.score for one in running), default=0.0)
        running = [one for one in running if one.score <= best * _HOPELESS**2]
    return running


def _final_side(best: _Contestant, model: Model) -> int:
    """Return the side of a window as large as those of images, or as fits in the time."""
    seconds = min(timing.clock for timing in best.rounds) * best.streams
    fits = int(_SIDE * math.sqrt(_FINAL_SECONDS / seconds))
    permitted = min(best.backend.window_side(model), fits, _FINAL_SIDE)
    return max(_SIDE, permitted // model.multiple * model.multiple)


def _window(side: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)


def _planes(part: Part, side: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(0).random((1, part.channels, side, side), np.float32)

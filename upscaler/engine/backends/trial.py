"""The trial: which backend runs each model fastest on this machine, measured in short pieces between requests."""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Sequence
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

# Sides of windows that take a tenth of a second on common processors. They rank backends as larger ones do.
_SIDE, _BLOCK_SIDE = 128, 96
_ROUNDS = 3
# One that takes so many times as long as the best in the first round is not measured again.
_HOPELESS = 1.5
# One that was hopeless with networks of so many architectures is not measured on the others.
_ARCHITECTURES_TO_TELL = 2
# The best one is measured once more, on a window that takes about so long: large windows are slower than small ones.
_FINAL_SECONDS = 0.3
_FINAL_SIDE = 256
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
    missing = [model for model in models if not table.knows(model)]
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

    return _ranked(backends, model, prepared, _SIDE)


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

        blocks[part.channels] = yield from _ranked(backends, model, prepared, _BLOCK_SIDE)
    return [replace(one, pixels_per_second=one.pixels_per_second * share) for one in blocks[part.channels]]


def _ranked(
    backends: Sequence[Backend], model: Model, prepared: Callable[[Backend], _Run | None], side: int
) -> _Pieces:
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
            one.measure(side, [model.name])
        except FAILURES as error:
            _log.warning(
                "trial without %s %s: %s", backend.name, backend.precision, reason_of(error, model.name)
            )
            continue
        contestants.append(one)
        yield
    yield from _in_turns(contestants, model, side)
    contestants = sorted((one for one in contestants if one.rounds), key=lambda one: one.score)
    speeds = [one.speed(side, one.rounds) for one in contestants]
    if contestants:
        final = _final_side(contestants[0], model, side)
        contestants[0].measure(final, [model.name])
        yield
        timing = contestants[0].measure(final, [model.name])
        ratio = contestants[0].speed(final, [timing]).pixels_per_second / speeds[0].pixels_per_second
        # The others were measured on small windows, too.
        speeds = [replace(one, pixels_per_second=one.pixels_per_second * min(ratio, 1)) for one in speeds]
    yield
    return speeds


def _in_turns(contestants: Sequence[_Contestant], model: Model, side: int) -> Iterator[None]:
    """Run one round of each after another, so that whatever else runs disturbs them alike."""
    running = list(contestants)
    for _ in range(_ROUNDS):
        for one in tuple(running):
            try:
                one.rounds.append(one.measure(side, [model.name]))
            except FAILURES as error:
                _log.warning("trial without %s: %s", one.backend.name, reason_of(error, model.name))
                one.rounds.clear()
                running.remove(one)
            yield
        best = min((one.score for one in running), default=0.0)
        running = [one for one in running if one.score <= best * _HOPELESS**2]


def _final_side(best: _Contestant, model: Model, side: int) -> int:
    """Return the side of a window as large as those of images, or as fits in the time."""
    seconds = min(timing.clock for timing in best.rounds) * best.streams
    fits = int(side * math.sqrt(_FINAL_SECONDS / seconds))
    permitted = min(best.backend.window_side(model), fits, _FINAL_SIDE)
    return max(side, permitted // model.multiple * model.multiple)


def _window(side: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)


def _planes(part: Part, side: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(0).random((1, part.channels, side, side), np.float32)

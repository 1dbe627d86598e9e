"""Timing of backends, and the rule of when a graphics device is slower than the processor."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from upscaler.engine.backends.base import Backend
from upscaler.engine.backends.pool import Candidate, CandidatePool
from upscaler.engine.backends.windows import run_window
from upscaler.engine.devices.activity import in_use
from upscaler.engine.devices.attempts import AttemptLog
from upscaler.engine.devices.failures import FAILURES, reason_of
from upscaler.engine.model_zoo.catalogue import MODELS

_log = logging.getLogger(__name__)

# Large enough that the transfer of a window is little beside its computation: a twentieth of a second on two cores.
_SIDE = 128
_ROUNDS = 3
# A window that takes longer is not measured again.
_LONG_SECONDS = 1.0
# A graphics device that takes so many times as long still leaves the processor to others.
_TOLERATED = 1.25


class Timing(NamedTuple):
    """Seconds for one window: by the clock, and of all processors of this process together."""

    clock: float
    cpu: float


def timed(run: Callable[[], object], streams: int) -> Timing:
    """Run a window on each stream, side by side, and return the time for each of them."""
    started, used = time.perf_counter(), time.process_time()
    if streams == 1:
        run()
    else:
        with ThreadPoolExecutor(streams, "trial") as threads:
            for running in [threads.submit(run) for _ in range(streams)]:
                running.result()
    return Timing((time.perf_counter() - started) / streams, (time.process_time() - used) / streams)


def order_by_speed(pool: CandidatePool, attempts: AttemptLog) -> None:
    """Put the graphics devices of a pool behind a processor that is faster than the best of them."""
    graphics = [candidate for candidate in pool if not candidate.backend.on_processor]
    processors = [candidate for candidate in pool if candidate.backend.on_processor]
    card = next((candidate for candidate in graphics if pool.is_usable(candidate, attempts)), None)
    processor = card and next(
        (candidate for candidate in processors if pool.is_usable(candidate, attempts)), None
    )
    if card is None or processor is None:
        return
    card_seconds, processor_seconds = (_measured(pool, one, attempts) for one in (card, processor))
    if card_seconds is None or processor_seconds is None:
        return
    ratio = card_seconds / processor_seconds
    _log.info("%s takes %.2f times as long as %s", card.device.name, ratio, processor.device.name)
    if ratio > _TOLERATED:
        for candidate in graphics:
            candidate.slower = (
                f"{ratio:.1f} times as slow as {processor.backend.name} on {processor.device.name}"
            )
        same = [candidate for candidate in processors if candidate.backend.name == processor.backend.name]
        others = [candidate for candidate in processors if candidate not in same]
        pool.candidates = [*same, *graphics, *others]


def _measured(pool: CandidatePool, candidate: Candidate, attempts: AttemptLog) -> float | None:
    """Return the seconds that a window takes; None where it fails, which puts the candidate into quarantine."""
    backend = candidate.backend
    try:
        with in_use(candidate.device, [backend.test_model], testing=True):
            return seconds_for_window(backend)
    except FAILURES as error:
        reason = reason_of(error, backend.test_model)
        pool.put_into_quarantine(backend, reason, None, [backend.test_model], attempts)
        return None


def seconds_for_window(backend: Backend) -> float:
    """Return the seconds that a backend takes for one window of its test model, the best of three where it is quick."""
    loaded = backend.load(MODELS[backend.test_model])
    window = np.random.default_rng(0).integers(0, 256, (_SIDE, _SIDE, 3), np.uint8)
    streams = backend.streams_for([loaded.model])
    # The first run of a size also reserves memory.
    timed(lambda: run_window(loaded, window), streams)
    best = float("inf")
    for _ in range(_ROUNDS):
        best = min(best, timed(lambda: run_window(loaded, window), streams).clock)
        if best > _LONG_SECONDS:
            break
    return best

"""How fast a backend is, by trying it."""

from __future__ import annotations

import time

import numpy as np

from upscaler.engine.backends.base import Backend
from upscaler.engine.backends.windows import run_window
from upscaler.engine.model_zoo.catalogue import MODELS

# Large enough that handing a window over is little beside computing it, and a twentieth of a second on two cores.
_SIDE = 128
_ROUNDS = 3
# What takes that long is not measured again.
_LONG_SECONDS = 1.0
# A graphics device that is a little slower still leaves the processor to others.
TOLERATED = 1.25


def seconds_for_window(backend: Backend) -> float:
    """Return how long a backend takes for one window of its test network, the best of three where it is quick."""
    network = backend.load(MODELS[backend.test_model])
    window = np.random.default_rng(0).integers(0, 256, (_SIDE, _SIDE, 3), np.uint8)
    # The first run of a size also reserves memory.
    run_window(network, window)
    best = float("inf")
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        run_window(network, window)
        best = min(best, time.perf_counter() - started)
        if best > _LONG_SECONDS:
            break
    return best

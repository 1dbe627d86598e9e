"""The memory of windows side by side: how many there may be, and how large."""

from __future__ import annotations

from typing import NamedTuple

from upscaler.engine.devices.memory import memory_bytes
from upscaler.engine.settings import EngineSettings

# What remains for Python, the libraries, and images in several stages of their way.
_RESERVED_SHARE = 0.2
_RESERVED_BYTES = 300_000_000
# A window is not made smaller than this side in pixels for the sake of another stream: most of it would be overlap.
_LEAST_SIDE = 160


class Share(NamedTuple):
    """The windows of a model that run side by side, and the bytes that each may take."""

    streams: int
    window_bytes: int


def available_bytes(settings: EngineSettings) -> int:
    """Return the memory for weights and windows, in bytes; it may be below zero."""
    limit = min(memory_bytes(), settings.memory_bytes or memory_bytes())
    return int(limit * (1 - _RESERVED_SHARE)) - _RESERVED_BYTES


def share(available: int, most: int, *, weights: int, pixel: int) -> Share | None:
    """Return as many streams as there is memory for; None where there is too little for one.

    Args:
        available: memory for all of them, in bytes.
        most: streams at most.
        weights: bytes of the weights that each stream has for itself.
        pixel: bytes of one input pixel of a window.

    """
    for streams in range(max(1, most), 0, -1):
        window = available // streams - weights
        if window >= pixel * _LEAST_SIDE**2:
            return Share(streams, window)
    return None

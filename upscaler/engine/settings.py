"""The operator's settings of the engine."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from typing import Any


def available_threads() -> int:
    """Return the number of processors that this process may use: its affinity mask where there is one, else all."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


@dataclass(frozen=True)
class EngineSettings:
    """Engine settings.

    Attributes:
        engine: one of ``backends.registry.ENGINE_NAMES``; ``auto`` takes the fastest that passes its self-test.
        threads: processors that the models may use.
        tile_pixels: side of a tile's core in input pixels, 0 for a size that suits the backend.
        gpu_index: Vulkan device to use, -1 for the first real one (never a software device).
        models_dir: a folder with further weights, or "".
        cache_dir: a folder for what a backend makes of the weights and for measured speeds, or "" to make them anew
            in each process.
        memory_bytes: memory that the engine's process may take, 0 for that of the machine.
        serves_previews: whether small images come while a large one runs, and there is the memory to load large models
            twice for them.
        caged: whether the kernel confines the engine's process; see ``engine.process.cage``.
        trial: whether the engine's process measures the speed of the backends while it has nothing to do.
    """

    engine: str = "auto"
    threads: int = field(default_factory=available_threads)
    tile_pixels: int = 0
    gpu_index: int = -1
    models_dir: str = ""
    cache_dir: str = ""
    memory_bytes: int = 0
    serves_previews: bool = False
    trial: bool = False
    caged: bool = True

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as JSON-ready values."""
        return asdict(self)

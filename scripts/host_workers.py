"""The workers of one machine: one, or one for each real GPU, or as many as the operator wants."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import config as configuration
from upscaler.engine.backends.vulkan_probe import list_devices

# What runs on Vulkan devices.
_ON_GRAPHICS = {"auto", "ncnn"}


def worker_command() -> list[str]:
    """Return the command line of a worker."""
    return [sys.executable, "-m", "upscaler.tasks.consumer"]


def environments(
    config: configuration.Config, graphics: Sequence[int], processors: int
) -> list[dict[str, str]]:
    """Return what each worker finds in its environment besides what is there already.

    Args:
        config: the settings.
        graphics: numbers of the real GPUs of this machine, see ``real_graphics``.
        processors: that the service may use; workers share them.
    """
    count = config.workers or max(1, len(graphics))
    found = []
    for number in range(count):
        values = {}
        if len(graphics) > 1:
            values["ENGINE_GPU"] = str(graphics[number % len(graphics)])
        if count > 1:
            values["WORKER_NUMBER"] = str(number + 1)
            if config.engine_threads == 0:
                values["ENGINE_THREADS"] = str(max(1, processors // count))
        found.append(values)
    return found


def real_graphics(config: configuration.Config) -> list[int]:
    """Return the numbers of the GPUs that workers are to share; empty where the settings decide, or there is none."""
    if config.engine not in _ON_GRAPHICS or config.engine_gpu >= 0:
        return []
    devices, _ = list_devices()
    return [device.index for device in devices if not device.software]

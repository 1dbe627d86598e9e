"""The workers of a host: one, or one for each GPU, or as many as ``WORKERS`` says."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import config as configuration
from upscaler.engine.backends.vulkan_probe import list_devices

# Engines that run on Vulkan devices.
_VULKAN_ENGINES = {"auto", "ncnn"}


def worker_command() -> list[str]:
    """Return the command line of a worker."""
    return [sys.executable, "-m", "upscaler.tasks.consumer"]


def environments(config: configuration.Config, gpus: Sequence[int], processors: int) -> list[dict[str, str]]:
    """Return the environment variables that each worker gets in addition to those of this process.

    Args:
        config: the settings.
        gpus: indices of the GPUs of this host, see ``real_gpus``.
        processors: number that the service may use; workers share them.
    """
    count = config.workers or max(1, len(gpus))
    found = []
    for number in range(count):
        values = {}
        if len(gpus) > 1:
            values["ENGINE_GPU"] = str(gpus[number % len(gpus)])
        if count > 1:
            values["WORKER_NUMBER"] = str(number + 1)
            if config.engine_threads == 0:
                values["ENGINE_THREADS"] = str(max(1, processors // count))
        found.append(values)
    return found


def real_gpus(config: configuration.Config) -> list[int]:
    """Return the indices of the GPUs that workers share; empty where the configuration decides, or there is none."""
    if config.engine not in _VULKAN_ENGINES or config.engine_gpu >= 0:
        return []
    devices, _ = list_devices()
    return [device.index for device in devices if not device.software]

"""Vulkan devices that tests may use."""

from __future__ import annotations

import pytest

from upscaler.engine.backends.vulkan_probe import list_devices


def software_device_or_skip() -> int:
    """Return the number of a software Vulkan device; skip the test where there is none."""
    devices, reason = list_devices()
    for device in devices:
        if device.software:
            return device.index
    pytest.skip(f"no software Vulkan device: {reason or 'install libvulkan1 and mesa-vulkan-drivers'}")

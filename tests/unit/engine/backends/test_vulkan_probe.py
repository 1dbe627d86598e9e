from __future__ import annotations

import pytest

from upscaler.engine.backends import vulkan_probe
from upscaler.engine.backends.vulkan_probe import VulkanDevice, find_device, list_devices, parse_devices

REAL = VulkanDevice(1, "Arc A770", software=False)
SOFTWARE = VulkanDevice(0, "llvmpipe (LLVM 19)", software=True)


@pytest.fixture
def devices(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    monkeypatch.setattr(vulkan_probe, "list_devices", lambda: (request.param, None))


def test_a_child_process_answers_on_this_machine() -> None:
    found, reason = list_devices()

    assert reason is None
    assert all(isinstance(device, VulkanDevice) for device in found)


@pytest.mark.parametrize("devices", [(SOFTWARE, REAL)], indirect=True)
def test_it_takes_the_first_real_device(devices: None) -> None:
    assert find_device(-1) == (REAL, None)


@pytest.mark.parametrize("devices", [(SOFTWARE,)], indirect=True)
def test_a_software_device_counts_as_none(devices: None) -> None:
    assert find_device(-1) == (None, "only software Vulkan devices were found")


@pytest.mark.parametrize("devices", [(SOFTWARE, REAL)], indirect=True)
def test_a_software_device_is_taken_when_it_is_named(devices: None) -> None:
    assert find_device(0) == (SOFTWARE, None)


@pytest.mark.parametrize("devices", [(REAL,)], indirect=True)
def test_a_device_that_is_not_there_is_reported(devices: None) -> None:
    assert find_device(5) == (None, "there is no Vulkan device 5; 1 were found")


def test_a_driver_that_ends_the_process_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vulkan_probe, "_RUN_FILE", "raise SystemExit(1)")
    list_devices.cache_clear()

    found, reason = list_devices()
    list_devices.cache_clear()

    assert found == ()
    assert reason == "asking for Vulkan devices ended with code 1"


def test_what_a_driver_prints_above_the_list_is_skipped() -> None:
    printed = 'WARNING: lavapipe is not conformant\n[{"index": 0, "name": "llvmpipe", "software": true}]\n'

    assert parse_devices(printed) == (VulkanDevice(0, "llvmpipe", software=True),)

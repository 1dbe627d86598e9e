"""The parts of ncnn's backends that need no graphics device."""

from __future__ import annotations

import pytest

from upscaler.engine.backends import ncnn
from upscaler.engine.backends.ncnn import NcnnVulkanBackend, resized_in_float32
from upscaler.engine.backends.vulkan_probe import VulkanDevice
from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.settings import EngineSettings

X4PLUS = MODELS["realesrgan-x4plus"]


@pytest.mark.parametrize(
    ("memory_mib", "side"),
    [
        # Nothing is known of it.
        (0, 261),
        # More than enough.
        (24_000, 450),
        # Three quarters of it, at 22 kB for each pixel.
        (1024, 191),
        (256, 95),
    ],
)
def test_windows_follow_the_memory_of_the_device(
    memory_mib: int, side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = VulkanDevice(0, "a device", software=False, memory_mib=memory_mib)
    monkeypatch.setattr(ncnn, "find_device", lambda _: (device, None))
    backend = NcnnVulkanBackend(EngineSettings(threads=1))

    assert backend.probe() is None
    assert backend.window_side(X4PLUS) == side


def test_layers_that_resize_compute_in_float32():
    param = (
        "7767517\n3 3\nInput data 0 1 a\nInterp up 1 1 a b 0=3 1=0.5 2=0.5\r\nInterpolated x 1 1 b c 0=1\n"
    )

    layers = resized_in_float32(param)

    assert layers.splitlines()[3:] == ["Interp up 1 1 a b 0=3 1=0.5 2=0.5 31=1", "Interpolated x 1 1 b c 0=1"]
    assert resized_in_float32("Convolution a 1 1 b c 0=3\n") == "Convolution a 1 1 b c 0=3\n"

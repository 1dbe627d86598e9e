"""The share of pixels that are computed twice because images are cut into windows."""

from __future__ import annotations

import pytest

from upscaler.engine.backends import ncnn
from upscaler.engine.backends.base import Backend
from upscaler.engine.backends.ncnn import NcnnVulkanBackend
from upscaler.engine.backends.openvino import OpenVinoBackend
from upscaler.engine.backends.vulkan_probe import VulkanDevice
from upscaler.engine.model_zoo.catalogue import MODELS, Model
from upscaler.engine.settings import EngineSettings
from upscaler.engine.tiling.tiles import core_side, edge_for, margin_for, spans

SETTINGS = EngineSettings(threads=1)
PROMISED = 1.35


def _work(backend: Backend, model: Model, side: int) -> float:
    """Return the pixels that pass through the model for a square image, as a multiple of the untiled ones."""
    margin, edge = margin_for([model]), edge_for([model])
    cut = spans(side, core_side(backend.window_side(model), margin), margin, edge)
    return (sum(span.read_stop - span.read_start for span in cut) / (side + 2 * edge)) ** 2


def _vulkan(memory_mib: int, monkeypatch: pytest.MonkeyPatch) -> Backend:
    device = VulkanDevice(0, "a device", software=False, memory_mib=memory_mib)
    monkeypatch.setattr(ncnn, "find_device", lambda _: (device, None))
    backend = NcnnVulkanBackend(SETTINGS)
    assert backend.probe() is None
    return backend


@pytest.mark.parametrize("name", ["realesrgan-x4plus", "realesrgan-x4plus-anime", "realesr-animevideov3-x4"])
@pytest.mark.parametrize("kind", ["openvino fp32", "openvino bf16", "vulkan 6 GiB"])
def test_overlap_costs_no_more_than_was_promised(
    kind: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, detail = kind.split(" ", 1)
    backend = OpenVinoBackend(SETTINGS, detail) if engine == "openvino" else _vulkan(6 << 10, monkeypatch)

    worst = max(_work(backend, MODELS[name], side) for side in range(100, 8001, 20))

    assert 1 < worst < PROMISED


def test_little_memory_makes_small_windows_and_more_work(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _work(_vulkan(2 << 10, monkeypatch), MODELS["realesrgan-x4plus"], 4000) > PROMISED

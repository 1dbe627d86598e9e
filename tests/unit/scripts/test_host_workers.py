"""The workers of a machine."""

from __future__ import annotations

import pytest

from config import load
from scripts import host_workers
from upscaler.engine.backends.vulkan_probe import VulkanDevice


@pytest.mark.parametrize(
    ("settings", "graphics", "expected"),
    [
        ({}, [], [{}]),
        ({}, [1], [{}]),
        (
            {},
            [0, 2],
            [
                {"ENGINE_GPU": "0", "WORKER_NUMBER": "1", "ENGINE_THREADS": "4"},
                {"ENGINE_GPU": "2", "WORKER_NUMBER": "2", "ENGINE_THREADS": "4"},
            ],
        ),
        # More workers than GPUs take turns.
        (
            {"WORKERS": "3", "ENGINE_THREADS": "2"},
            [0, 1],
            [
                {"ENGINE_GPU": "0", "WORKER_NUMBER": "1"},
                {"ENGINE_GPU": "1", "WORKER_NUMBER": "2"},
                {"ENGINE_GPU": "0", "WORKER_NUMBER": "3"},
            ],
        ),
        ({"WORKERS": "1"}, [0, 1], [{"ENGINE_GPU": "0"}]),
        (
            {"WORKERS": "2"},
            [],
            [
                {"WORKER_NUMBER": "1", "ENGINE_THREADS": "4"},
                {"WORKER_NUMBER": "2", "ENGINE_THREADS": "4"},
            ],
        ),
    ],
)
def test_each_gpu_gets_a_worker_and_they_share_the_processors(
    settings: dict[str, str], graphics: list[int], expected: list[dict[str, str]]
) -> None:
    assert host_workers.environments(load(settings, env_file=None), graphics, 8) == expected


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [0, 2]),
        ({"ENGINE": "ncnn"}, [0, 2]),
        ({"ENGINE": "openvino"}, []),
        ({"ENGINE_GPU": "1"}, []),
    ],
)
def test_processors_that_pretend_to_be_gpus_do_not_count(
    settings: dict[str, str], expected: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    devices = tuple(VulkanDevice(index, "a device", software=index == 1) for index in range(3))
    monkeypatch.setattr(host_workers, "list_devices", lambda: (devices, None))

    assert host_workers.real_gpus(load(settings, env_file=None)) == expected

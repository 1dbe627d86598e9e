"""List the Vulkan devices of this machine in a child process, because a broken driver may end it.

Run as a program, this file prints the devices as a JSON list.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

_log = logging.getLogger(__name__)

# In a cage, the folder around the package cannot be listed, so nothing is found there by name; and a program's own
# folder, this one, would come before that of the package ncnn.
_RUN_FILE = "import runpy, sys; runpy.run_path(sys.argv[1], run_name='__main__')"
_TIMEOUT_SECONDS = 60
_CPU_TYPE = 3  # ncnn's GpuInfo.type(): 0 discrete, 1 integrated, 2 virtual, 3 processor
_SOFTWARE_NAMES = ("llvmpipe", "lavapipe", "swiftshader", "softpipe")


@dataclass(frozen=True)
class VulkanDevice:
    """One Vulkan device.

    Attributes:
        index: its number in ncnn.
        name: its name.
        software: whether a processor emulates it.
        memory_mib: the memory that its driver grants to one process, 0 where that is not known.
    """

    index: int
    name: str
    software: bool
    memory_mib: int = 0


def find_device(wanted: int) -> tuple[VulkanDevice | None, str | None]:
    """Return the device to use, or None and the reason.

    ``wanted`` -1 takes the first real device; a software device is only taken when its index is named.
    """
    devices, reason = list_devices()
    if reason:
        return None, reason
    if wanted >= 0:
        for device in devices:
            if device.index == wanted:
                return device, None
        return None, f"there is no Vulkan device {wanted}; {len(devices)} were found"
    real = [device for device in devices if not device.software]
    if real:
        return real[0], None
    return None, "only software Vulkan devices were found" if devices else "no Vulkan device was found"


@lru_cache(maxsize=1)
def list_devices() -> tuple[tuple[VulkanDevice, ...], str | None]:
    """Return the devices that a child process found, and the reason where it could not list them."""
    try:
        child = subprocess.run(
            [sys.executable, "-c", _RUN_FILE, str(Path(__file__).resolve())],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return (), f"the Vulkan driver did not answer within {_TIMEOUT_SECONDS} s"
    if child.returncode != 0:
        _log.warning("asking for Vulkan devices failed: %s", child.stderr.decode(errors="replace")[-500:])
        return (), f"asking for Vulkan devices ended with code {child.returncode}"
    return parse_devices(child.stdout.decode()), None


def parse_devices(text: str) -> tuple[VulkanDevice, ...]:
    """Read what the child printed: its last line is the list, drivers may have written above it."""
    return tuple(VulkanDevice(**entry) for entry in json.loads(text.strip().splitlines()[-1]))


def _print_devices() -> None:
    import ncnn  # noqa: PLC0415 - only the child loads the drivers

    devices = []
    for index in range(ncnn.get_gpu_count()):
        info = ncnn.get_gpu_info(index)
        name = info.device_name()
        software = info.type() == _CPU_TYPE or any(word in name.lower() for word in _SOFTWARE_NAMES)
        memory_mib = ncnn.get_gpu_device(index).get_heap_budget()
        devices.append(asdict(VulkanDevice(index, name, software, memory_mib)))
    sys.stdout.write(json.dumps(devices) + "\n")


if __name__ == "__main__":
    _print_devices()

"""The policy of a cage: which files a child may open, and whether it may start programs."""

from __future__ import annotations

import json
import os
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[3]

# Where libraries and their data lie, besides those of Python.
_SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/opt/rocm", "/sys")
# What the loader and the graphics drivers read, of a folder that holds more than concerns them.
_SETTINGS = (
    *("/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/localtime", "/etc/OpenCL", "/etc/vulkan"),
    *("/etc/drirc", "/etc/glvnd", "/etc/nvidia", "/etc/alternatives"),
)
# Of the kernel's view of processes, the child's own and figures about the machine.
_KERNEL = (
    *("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/version", "/proc/filesystems"),
    *("/proc/sys/vm", "/proc/sys/kernel/random/boot_id", "/proc/driver/nvidia", "/proc/modules"),
)
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_GRAPHICS = ("/dev/dri", "/dev/kfd", "/dev/shm")  # noqa: S108 - the driver's shared memory

# The variables that a child gets: where things are, and settings of the libraries. No passwords, no keys.
_VARIABLES = (
    *("PATH", "PYTHONPATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV"),
    *("PYTHONWARNINGS", "PYTHONUTF8", "PYTHONDONTWRITEBYTECODE", "XDG_RUNTIME_DIR"),
)
_VARIABLES_FROM = (
    *("DNNL_", "KMP_", "MNN_", "NCNN_", "OMP_", "ONEDNN_", "OPENVINO_", "OV_", "TBB_", "OPENBLAS_", "VIPS_"),
    *("VK_", "MESA_", "LP_", "GALLIUM_", "LIBGL_", "DRI_", "NVIDIA_", "CUDA_", "HIP_", "ROCR_", "AMD_"),
)


@dataclass(frozen=True)
class Cage:
    """What a child may do besides computing.

    Attributes:
        reads: files and folders that it may read, besides code and libraries.
        writes: folders that it may write to as well.
        programs: whether it may start programs, which are in the same cage.
        graphics: whether it may use graphics devices.
        enforced: whether the kernel holds it to all that; otherwise it has an environment without secrets, and limits.
    """

    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    programs: bool = False
    graphics: bool = False
    enforced: bool = True

    def as_json(self) -> str:
        """Return the policy as text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Cage:
        """Return the policy that ``as_json`` wrote."""
        values = json.loads(text)
        return cls(**{**values, "reads": tuple(values["reads"]), "writes": tuple(values["writes"])})

    @property
    def readable(self) -> list[Path]:
        """All that it may read."""
        return [*_code(), *(Path(name) for name in (*_SYSTEM, *_SETTINGS, *_KERNEL, *self.reads))]

    @property
    def writable(self) -> list[Path]:
        """The folders that it may write to."""
        return [Path(name) for name in self.writes]

    def identities(self) -> list[tuple[int, int] | None]:
        """Return what the kernel knows the folders of ``reads`` and ``writes`` by; None for one that is not there."""
        return [_identity(Path(name)) for name in (*self.reads, *self.writes)]

    @property
    def devices(self) -> list[Path]:
        """The devices that it may use."""
        if not self.graphics:
            return [Path(name) for name in _DEVICES]
        return [*(Path(name) for name in (*_DEVICES, *_GRAPHICS)), *Path("/dev").glob("nvidia*")]


def environment_of(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a child."""
    return {
        name: value
        for name, value in environment.items()
        if name in _VARIABLES or name.startswith(_VARIABLES_FROM)
    }


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _code() -> Iterator[Path]:
    """Yield where Python's code lies: not the folder around this package, which may hold its settings and its data."""
    yield PACKAGE
    yield from (Path(name) for name in {sys.prefix, sys.base_prefix, *sysconfig.get_paths().values()})
    yield Path(sys.executable).resolve().parent
    for name in sys.path:
        folder = Path(name or os.curdir).resolve()
        if folder != Path.cwd() and folder not in (PACKAGE.parent, *PACKAGE.parent.parents):
            yield folder

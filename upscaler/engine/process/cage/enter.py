"""The way into the cage, and what holds there."""

from __future__ import annotations

import os
import resource
from dataclasses import asdict, dataclass
from typing import Any

from upscaler.engine.process.cage import landlock, namespaces, system_calls
from upscaler.engine.process.cage.policy import Cage

# Descriptors that a child may have open: its pipes, its files, and those of its libraries.
_OPEN_FILES = 1024
_FEATURES = {"files": "Landlock", "system_calls": "seccomp", "network": "namespaces"}


@dataclass(frozen=True)
class Confinement:
    """What holds of the cage on this machine.

    Attributes:
        files: the version of Landlock that binds its files, 0 for none.
        system_calls: whether seccomp filters them.
        network: whether it is in a network of its own, without any interface, besides that filter.
    """

    files: int
    system_calls: bool
    network: bool

    @property
    def lacking(self) -> list[str]:
        """What would hold with another kernel or other settings of it, by the kernel's names."""
        return [feature for name, feature in _FEATURES.items() if not getattr(self, name)]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return asdict(self)


def enter(cage: Cage) -> Confinement:
    """Bind this process, which has to be its only thread so far, and all that it starts; there is no way back.

    Raises:
        OSError: the kernel can do a part of it, and refused.

    """
    os.umask(0o077)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    open_files = _OPEN_FILES if most == resource.RLIM_INFINITY else min(_OPEN_FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (open_files, open_files))
    # A core file would hold a visitor's image and fill the disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not cage.enforced:
        return Confinement(0, system_calls=False, network=False)
    network = namespaces.separate()
    namespaces.renounce()
    # First, as its library is searched for by a program, which Landlock may forbid.
    filtered = system_calls.restrict(programs=cage.programs)
    return Confinement(landlock.restrict(cage), filtered, network)

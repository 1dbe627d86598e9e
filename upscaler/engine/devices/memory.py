"""The memory of this machine, or of the container that this process runs in."""

from __future__ import annotations

from pathlib import Path

import psutil

# Of control groups, version 2 and 1; "max" or a huge number where there is no limit.
_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def memory_bytes(limits: tuple[Path, ...] = _LIMITS) -> int:
    """Return the bytes that the processes here share."""
    found = [psutil.virtual_memory().total]
    for path in limits:
        try:
            text = path.read_text("ascii").strip()
        except OSError:
            continue
        if text.isdigit():
            found.append(int(text))
    return min(found)

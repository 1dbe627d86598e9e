"""The resident memory of a process and its descendants."""

from __future__ import annotations

import psutil


def resident_bytes(pid: int) -> int:
    """Return the resident memory of a process and all its descendants in bytes, 0 when it has ended.

    Pages of mapped files are left out where the system distinguishes them (Linux): the kernel can drop those at
    any time, and the result of an upscaled image lives in such a file.
    """
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    total = 0
    for member in family:
        try:
            usage = member.memory_info()
        except psutil.NoSuchProcess:
            continue
        total += usage.rss - getattr(usage, "shared", 0)
    return total

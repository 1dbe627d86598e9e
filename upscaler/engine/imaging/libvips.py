"""Small helpers around libvips, which only processes that decode or encode images load."""

from __future__ import annotations

import errno
import os

from upscaler.errors import EngineError, StorageFull


def srgb_profile() -> bytes:
    """Return libvips's own sRGB profile: 480 bytes, and the same each time, so that equal results have equal hashes."""
    import pyvips  # noqa: PLC0415 - it loads libvips, which the web process never needs

    # Results are used once: a cache of operations would only hold on to their memory.
    pyvips.cache_set_max(0)
    return bytes(pyvips.Operation.call("profile_load", "srgb"))


def error_of(error: Exception) -> EngineError | StorageFull:
    """Return this project's error for one of libvips, which reports a failed system call only in words."""
    return StorageFull() if os.strerror(errno.ENOSPC) in str(error) else EngineError()

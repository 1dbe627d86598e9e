"""Arrays that live in a nameless file, for results that are larger than memory."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np

from upscaler.engine.picture import Pixels


def scratch_pixels(shape: tuple[int, ...], directory: Path) -> Pixels:
    """Return a uint8 array of that shape, zeros, backed by a temporary file in ``directory``.

    The file has no name, so nothing is left behind however the process ends. Its blocks are reserved at once:
    writing to a mapped file on a full disk would otherwise end the process with SIGBUS instead of raising
    ``OSError``.
    """
    with tempfile.TemporaryFile(dir=directory) as file:
        size = int(np.prod(shape, dtype=np.int64))
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        return np.memmap(
            file, dtype=np.uint8, mode="r+" if hasattr(os, "posix_fallocate") else "w+", shape=shape
        )

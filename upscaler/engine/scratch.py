"""Arrays that live in a nameless file, for results that are larger than memory."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from upscaler.engine.picture import Pixels


def scratch_pixels(
    shape: tuple[int, ...], directory: Path, dtype: np.dtype[np.unsignedinteger[Any]] | None = None
) -> Pixels:
    """Return an array of that shape and type (uint8 if None), zeros, backed by a temporary file in ``directory``.

    The file has no name, so nothing is left behind however the process ends. Its blocks are reserved at once:
    writing to a mapped file on a full disk would otherwise end the process with SIGBUS instead of raising
    ``OSError``.
    """
    level = np.dtype(np.uint8) if dtype is None else dtype
    with tempfile.TemporaryFile(dir=directory) as file:
        size = int(np.prod(shape, dtype=np.int64)) * level.itemsize
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        return np.memmap(
            file, dtype=level, mode="r+" if hasattr(os, "posix_fallocate") else "w+", shape=shape
        )

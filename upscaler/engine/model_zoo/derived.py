"""Models that are made from the files of another one: blocks of it are left out, and convolutions put in their place.

The convolutions lie beside this module, with a ``.json`` file that says what they were fitted on. The script
``bench/fit_x4plus.py`` writes both.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from upscaler.engine.model_zoo.catalogue import Model
from upscaler.engine.model_zoo.pruning import Run, without_blocks

_FOLDER = "derived"


def convolutions_file(model: Model) -> Path:
    """Return the file that holds the convolutions of a derived model."""
    return Path(__file__).with_name(f"{model.name}.bin")


def has_convolutions(model: Model) -> bool:
    """Return whether the convolutions of a derived model are here and sound; there are none to lack in others."""
    if not model.derived_from:
        return True
    return _digest(convolutions_file(model)) == model.convolutions_sha256


def write_derived(model: Model, param: Path, weights: Path, folder: Path) -> None:
    """Write a derived model's files, each whole or not at all.

    Args:
        model: is to be derived.
        param: layers of the model that it is derived from.
        weights: of that model.
        folder: gets ``NAME.param`` and ``NAME.bin``.

    Raises:
        GraphError: the model has no such blocks, or the convolutions are not as many.
        OSError: nothing can be written there.

    """
    runs = [Run(*run) for run in model.left_out]
    made = without_blocks(param, weights, runs, convolutions_file(model).read_bytes())
    for suffix, content in ((".bin", made.bin), (".param", made.param.encode("ascii"))):
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            file.write(content)
        Path(file.name).replace(folder / f"{model.name}{suffix}")


def writable_folder(cache_dir: str) -> Path:
    """Return the folder below ``cache_dir`` for derived models; one that goes with this process where it is ""."""
    if not cache_dir:
        return _temporary_folder()
    folder = Path(cache_dir) / _FOLDER
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    return folder if os.access(folder, os.W_OK | os.X_OK) else _temporary_folder()


@cache
def _temporary_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="upscaler-weights-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def _digest(path: Path) -> str:
    """Return the SHA-256 of a file, "" where it is missing."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""

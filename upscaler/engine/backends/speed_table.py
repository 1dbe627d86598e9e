"""The measured speeds of the models on this machine, kept in a file for the processes that follow."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import logging
import math
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from upscaler.engine.backends.golden import key_of
from upscaler.engine.backends.stream_memory import available_bytes
from upscaler.engine.devices.processor import processor
from upscaler.engine.devices.quarantine import Device
from upscaler.engine.model_zoo.catalogue import MODELS, Model
from upscaler.engine.settings import EngineSettings
from upscaler.version import __version__

_log = logging.getLogger(__name__)

_PACKAGES = ("openvino", "ncnn", "MNN")
# More memory permits no more streams, and no larger windows.
_ENOUGH_BYTES = 4_400_000_000
# Variables of the libraries, with which they may use other instructions or threads.
_VARIABLES = ("DNNL_", "KMP_", "MNN_", "NCNN_", "OMP_", "ONEDNN_", "OPENVINO_", "OV_", "TBB_")


@dataclass(frozen=True)
class Speed:
    """The speed of a model on a backend.

    Attributes:
        engine: name of the backend.
        precision: numbers that it computes in.
        device: name of its processor or graphics device.
        streams: windows that ran side by side.
        pixels_per_second: input pixels of the model per second by the clock, of all streams together.
    """

    engine: str
    precision: str
    device: str
    streams: int
    pixels_per_second: float

    @property
    def key(self) -> Device:
        """The device, as quarantine and attempts name it."""
        return Device(self.engine, self.device, self.precision)

    def as_dict(self) -> dict[str, Any]:
        """Return the speed as JSON-ready values."""
        return asdict(self)


class SpeedTable:
    """Speeds by model, fastest first. The processes of a data folder share its file.

    Args:
        folder: holds a file for each combination of machine, versions and settings; "" to keep nothing.
        machine: what the speeds depend on, JSON-ready: where any of it changes, they are measured anew.
    """

    def __init__(self, folder: str, machine: Mapping[str, Any]) -> None:
        self._machine = dict(machine)
        digest = hashlib.blake2b(json.dumps(self._machine, sort_keys=True).encode(), digest_size=10)
        self._path = Path(folder) / "speeds" / f"{digest.hexdigest()}.json" if folder else None
        self._models = self._read()

    @classmethod
    def of(cls, settings: EngineSettings) -> SpeedTable:
        """Return the table of this machine for the settings."""
        return cls(settings.cache_dir, _machine(settings))

    def knows(self, model: Model) -> bool:
        """Return whether these weights were measured."""
        return key_of(model) in self._models

    def ranking(self, model: Model) -> tuple[Speed, ...]:
        """Return the speeds of a model, best first; empty where they are not known.

        Models of the same layers are equally fast, whatever their weights.
        """
        layers = model.param_sha256[:8]
        known = self._models.get(key_of(model)) or next(
            (speeds for key, speeds in self._models.items() if key.split()[1] == layers), ()
        )
        return tuple(known)

    def by_name(self, is_held: Callable[[Device], bool]) -> dict[str, dict[str, Any]]:
        """Return the best speed of each model of the catalogue that is known, as JSON-ready values.

        ``is_held`` says whether a device is in quarantine.
        """
        best = {
            name: next((speed for speed in self.ranking(model) if not is_held(speed.key)), None)
            for name, model in MODELS.items()
        }
        return {name: speed.as_dict() for name, speed in best.items() if speed is not None}

    def record(self, model: Model, speeds: Sequence[Speed]) -> None:
        """Keep the speeds of a model, best first; where the file cannot be written, for this process only."""
        # Another process may have measured other models meanwhile.
        self._models = {**self._read(), **self._models, key_of(model): tuple(speeds)}
        if self._path is None:
            return
        values = {
            "machine": self._machine,
            "models": {name: [speed.as_dict() for speed in known] for name, known in self._models.items()},
        }
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            _replace(self._path, json.dumps(values, indent=1))
        except OSError as error:
            _log.warning("the measured speeds cannot be kept: %s", error)

    def _read(self) -> dict[str, tuple[Speed, ...]]:
        """Return what the file holds; nothing where it is missing or damaged."""
        if self._path is None:
            return {}
        try:
            values = json.loads(self._path.read_bytes())
            found = {
                str(name): tuple(_speed(entry) for entry in speeds)
                for name, speeds in values["models"].items()
                if len(str(name).split()) > 1
            }
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            _log.warning("the measured speeds in %s cannot be read: %s", self._path, error)
            return {}
        return found


def _speed(values: Mapping[str, Any]) -> Speed:
    speed = Speed(
        engine=str(values["engine"]),
        precision=str(values["precision"]),
        device=str(values["device"]),
        streams=int(values["streams"]),
        pixels_per_second=float(values["pixels_per_second"]),
    )
    if not (math.isfinite(speed.pixels_per_second) and speed.pixels_per_second > 0 and speed.streams > 0):
        raise ValueError("a speed is no number above zero")
    return speed


def _replace(path: Path, text: str) -> None:
    """Write a file that appears whole or not at all, also where other processes write it."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _machine(settings: EngineSettings) -> dict[str, Any]:
    """Return all that the speeds of a machine depend on."""
    here = processor()
    return {
        "processor": here.name,
        "flags": sorted(here.flags),
        "threads": settings.threads,
        "memory": min(available_bytes(settings), _ENOUGH_BYTES),
        "tile": settings.tile_pixels,
        "engine": settings.engine,
        "gpu": settings.gpu_index,
        "versions": {"upscaler": __version__, **{name: _version(name) for name in _PACKAGES}},
        "variables": {
            name: value for name, value in sorted(os.environ.items()) if name.startswith(_VARIABLES)
        },
    }


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""

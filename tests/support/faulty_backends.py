"""Backends that spoil their results."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from upscaler.engine.backends.base import LoadedModel, Result, Window
from upscaler.engine.backends.lanczos import LanczosBackend
from upscaler.engine.backends.openvino import OpenVinoBackend
from upscaler.engine.model_zoo.catalogue import Model
from upscaler.engine.settings import EngineSettings

TEST_SIDE = 64 + 2 * 7  # of the known image, with the border that the model consumes

Fault = Callable[[Result, Window], Result]


class FaultyModel(LoadedModel):
    """Upscales well, and then spoils it as its backend says."""

    def __init__(self, inner: LoadedModel, backend: FaultyBackend) -> None:
        super().__init__(inner.model)
        self._inner = inner
        self._backend = backend

    def run(self, window: Window) -> Result:
        self._backend.windows += 1
        result = self._inner.run(window)
        is_test = window.shape[0] == TEST_SIDE
        if self._backend.fault is None or (is_test and not self._backend.fails_test):
            return result
        return self._backend.fault(result, window)


class FaultyBackend(LanczosBackend):
    """A device that does not exist, whose fault can be set and repaired."""

    def __init__(
        self, device: str, precision: str, fault: Fault | None = None, *, fails_test: bool = False
    ) -> None:
        super().__init__(EngineSettings(threads=1))
        self.name = "test"
        self.device = device
        self.precision = precision
        self.fault = fault
        self.fails_test = fails_test
        self.windows = 0

    def load(self, model: Model) -> LoadedModel:
        return FaultyModel(super().load(model), self)


def raises(error: Exception) -> Fault:
    """Return a fault that raises an error."""

    def fault(result: Result, window: Window) -> Result:
        raise error

    return fault


def raises_above(side: int, error: Exception) -> Fault:
    """Return a fault that raises an error for windows with a longer side."""

    def fault(result: Result, window: Window) -> Result:
        if max(window.shape[:2]) > side:
            raise error
        return result

    return fault


FAULTS: dict[str, Fault] = {
    "black": lambda result, _: result * 0,
    "not a number": lambda result, _: result * np.float32("nan"),
    "far out of range": lambda result, _: result * np.float32(1e6),
    "channels swapped": lambda result, _: result[..., ::-1],
    "a device lost": raises(RuntimeError("device lost")),
}


class WrappingModel(LoadedModel):
    """Wraps negative numbers to white, as the post-processing of an old package does on some devices."""

    def __init__(self, inner: LoadedModel) -> None:
        super().__init__(inner.model)
        self._inner = inner

    def run(self, window: Window) -> Result:
        result = self._inner.run(window)
        return np.where(result < 0, result + 256, result)


class WrappingBackend(OpenVinoBackend):
    name = "wrapping"

    def load(self, model: Model) -> LoadedModel:
        return WrappingModel(super().load(model))

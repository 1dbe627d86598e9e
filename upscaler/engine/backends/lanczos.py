"""Lanczos resampling in place of the models: no weights, any machine, no invented detail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np
import PIL
from PIL import Image

from upscaler.engine.backends.base import Backend, LoadedModel, Registration, Result, Window
from upscaler.engine.model_zoo.catalogue import Model
from upscaler.engine.model_zoo.custom_model import FILES


class LanczosModel(LoadedModel):
    """A stand-in that upscales as much as the model, and drops the border that the model would consume."""

    def run(self, window: Window) -> Result:
        """Upscale the window and cut its border off."""
        scale = self.model.scale
        height, width, _ = window.shape
        size = (width * scale, height * scale)
        if window.dtype == np.uint8:
            upscaled = np.asarray(Image.fromarray(window).resize(size, Image.Resampling.LANCZOS), np.float32)
        else:
            # Pillow supports fractions in one channel only.
            planes = (Image.fromarray(np.ascontiguousarray(window[..., channel])) for channel in range(3))
            upscaled = np.dstack(
                [np.asarray(plane.resize(size, Image.Resampling.LANCZOS)) for plane in planes]
            )
        border = self.model.border * scale
        return upscaled[border : height * scale - border, border : width * scale - border]


class LanczosBackend(Backend):
    """Pillow's Lanczos filter, taken only when it is configured by name."""

    name = "lanczos"
    runs_models = False
    device = "processor"
    precision = "fp32"
    version = PIL.__version__

    @property
    def bytes_per_pixel(self) -> Mapping[str, int]:
        """The upscaled window in 8 bits and as float32."""
        return defaultdict(lambda: 300)

    def probe(self) -> str | None:
        """Return None: Pillow is always there."""
        return None

    def load(self, model: Model) -> LoadedModel:
        """Stand in for ``model``."""
        return LanczosModel(model)


REGISTRATION = Registration(
    candidates=lambda settings: [LanczosBackend(settings)], custom_kinds=frozenset(FILES)
)

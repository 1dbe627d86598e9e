"""What a backend offers: a device that loads networks and runs them on windows of an image."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from upscaler.engine.devices.quarantine import Device
from upscaler.engine.model_zoo.catalogue import Model
from upscaler.engine.settings import EngineSettings

# Levels from 0 to 255: uint8, or float32 with fractions where the image has more than 8 bits.
Window = NDArray[Any]
Result = NDArray[np.float32]


def planes_of(window: Window, model: Model) -> NDArray[np.float32]:
    """Return what a network of the catalogue takes: float32 (channels, height, width), colours from 0 to 1.

    Behind the colours come the network's constant maps.
    """
    height, width, colours = window.shape
    planes = np.empty((colours + len(model.maps), height, width), np.float32)
    np.divide(window.transpose(2, 0, 1), np.float32(255), out=planes[:colours])
    planes[colours:] = np.array(model.maps, np.float32)[:, np.newaxis, np.newaxis]
    return planes


class Network(ABC):
    """One loaded network. It may be called from several threads, but runs one window at a time."""

    def __init__(self, model: Model) -> None:
        self.model = model

    @abstractmethod
    def run(self, window: Window) -> Result:
        """Run the network on one window, uint8 or float32 levels of shape (height, width, 3), RGB, C-contiguous.

        Each side must be at least ``model.minimum_side`` and a multiple of ``model.multiple``;
        ``windows.run_window`` sees to it. Returns float32 levels, neither clipped nor rounded, of shape
        ``((height - 2 * border) * scale, (width - 2 * border) * scale, 3)``.
        """

    def run_pausing(self, window: Window, pause: Callable[[], None]) -> Result:  # noqa: ARG002 - most need none
        """Run the network on one window and, where it takes long, call ``pause`` now and then.

        ``pause`` may run this network on something else, and may raise to end the run.
        """
        return self.run(window)


class Backend(ABC):
    """A way to run networks: one library on one device with one precision.

    Attributes:
        name: one of ``settings.ENGINE_NAMES``.
        memory_budget: bytes that the activations of one window may take.
        largest_window: longest side of a window in pixels, whatever the budget: progress is told, and a stop
            is heeded, between windows only.
        on_processor: False where it runs on a graphics device.
        test_model: name of a small network that this backend runs, for its self-test.
        runs_networks: False where it only stands in for the networks, and gives other results than they do.

    """

    name: str
    test_model = "waifu2x-upconv7-photo"
    on_processor = True
    runs_networks = True
    memory_budget = 1_000_000_000
    largest_window = 512

    def __init__(self, settings: EngineSettings) -> None:
        self.settings = settings

    @property
    @abstractmethod
    def device(self) -> str:
        """Name of the processor or graphics device."""

    @property
    @abstractmethod
    def precision(self) -> str:
        """Numbers that the networks compute in: ``fp32``, ``fp16``, ``bf16`` or ``int8``."""

    @property
    def device_key(self) -> Device:
        """What goes into quarantine when this backend fails; right once it was probed."""
        return Device(self.name, self.device, self.precision)

    @property
    @abstractmethod
    def version(self) -> str:
        """Version of the library."""

    @property
    @abstractmethod
    def bytes_per_pixel(self) -> Mapping[str, int]:
        """Memory that one input pixel of a window takes, by architecture, as measured."""

    @abstractmethod
    def probe(self) -> str | None:
        """Return why this backend cannot run here, or None when it can."""

    @abstractmethod
    def load(self, model: Model) -> Network:
        """Load a network.

        Raises:
            EngineUnavailable: the weights are missing, or this backend does not run this network.

        """

    def window_side(self, model: Model) -> int:
        """Return the longest side in pixels of a window whose activations stay within the budget."""
        side = math.isqrt(self.memory_budget // self.bytes_per_pixel[model.architecture])
        side = min(side, self.largest_window, model.maximum_side or side)
        return max(model.minimum_side, side)

    def describe(self) -> dict[str, Any]:
        """Return name, device, precision, version and whether it is a GPU as JSON-ready values."""
        return {
            "engine": self.name,
            "device": self.device,
            "precision": self.precision,
            "version": self.version,
            "gpu": not self.on_processor,
        }

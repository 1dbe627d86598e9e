"""The interface of a backend: a device that loads models and runs them on windows of an image."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from upscaler.engine.backends.layer_graph import Part
from upscaler.engine.devices.quarantine import Device
from upscaler.engine.model_zoo.catalogue import Model, stand_ins_of
from upscaler.engine.settings import EngineSettings

# Levels from 0 to 255: uint8, or float32 with fractions where the image has more than 8 bits.
Window = NDArray[Any]
Result = NDArray[np.float32]
# From float32 (1, channels, height, width) to the output of the layers, of the same axes.
PartRunner = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def planes_of(window: Window, model: Model) -> NDArray[np.float32]:
    """Return the input of a catalogue model: float32 (channels, height, width), colours from 0 to 1.

    Behind the colours come the model's constant maps.
    """
    height, width, colours = window.shape
    planes = np.empty((colours + len(model.maps), height, width), np.float32)
    np.divide(window.transpose(2, 0, 1), np.float32(255), out=planes[:colours])
    planes[colours:] = np.array(model.maps, np.float32)[:, np.newaxis, np.newaxis]
    return planes


def image_of(planes: NDArray[np.float32], window: Window, model: Model) -> Result:
    """Return the result of a catalogue model as an image: float32 levels (height, width, 3), C-contiguous.

    Args:
        planes: the output of the model for ``window``, levels (3, height, width).
        window: as ``LoadedModel.run`` takes it; a model that gives differences is added to its pixels, each repeated.
        model: that gave the output.
    """
    image: Result = np.array(planes.transpose(1, 2, 0), np.float32, order="C")
    if model.gives_differences:
        border, scale = model.border, model.scale
        inner = window[border : window.shape[0] - border, border : window.shape[1] - border]
        for row in range(scale):
            for column in range(scale):
                image[row::scale, column::scale] += inner
    return image


class LoadedModel(ABC):
    """A model in memory. It may be called from several threads, but runs ``Backend.streams`` windows at a time."""

    def __init__(self, model: Model) -> None:
        self.model = model

    @abstractmethod
    def run(self, window: Window) -> Result:
        """Run the model on one window, uint8 or float32 levels of shape (height, width, 3), RGB, C-contiguous.

        Each side must be at least ``model.minimum_side`` and a multiple of ``model.multiple``;
        ``windows.run_window`` sees to it. Returns float32 levels, neither clipped nor rounded, of shape
        ``((height - 2 * border) * scale, (width - 2 * border) * scale, 3)``.
        """

    def run_pausing(self, window: Window, pause: Callable[[], None]) -> Result:  # noqa: ARG002 - most need none
        """Run the model on one window and, where it takes long, call ``pause`` now and then.

        ``pause`` may run this model on something else, and may raise to end the run.
        """
        return self.run(window)


class Backend(ABC):
    """One library on one device in one precision.

    Attributes:
        name: the name under which ``registry.BACKENDS`` lists its module.
        memory_budget: bytes that the activations of one window may take.
        largest_window: longest side of a window in pixels, whatever the budget: progress is reported, and a stop
            is heeded, between windows only.
        on_processor: False where it runs on a graphics device.
        test_model: name of a small model that this backend runs, for its self-test.
        streams: windows that its loaded models run at once at most, each on another thread; each may take
            ``memory_budget``.
        runs_aside: True where nothing pauses a window of its models, which others may run at the same time: each window
            has a thread of its own then, also where there is one stream.
        runs_models: False where it only stands in for the models, and gives other results than they do.

    """

    name: str
    test_model = "waifu2x-upconv7-photo"
    on_processor = True
    runs_models = True
    runs_aside = False
    streams = 1
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
        """Numbers that the models compute in: ``fp32``, ``fp16`` or ``bf16``."""

    @property
    def device_key(self) -> Device:
        """The device that goes into quarantine when this backend fails; right once it was probed."""
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
    def load(self, model: Model) -> LoadedModel:
        """Load a model.

        Raises:
            EngineUnavailable: the weights are missing, or this backend does not run this model.

        """

    def load_part(self, model: Model, part: Part) -> PartRunner | None:  # noqa: ARG002 - some cannot
        """Load some layers of a model as the whole model is loaded, to measure their speed; None where it cannot."""
        return None

    def streams_for(self, models: Iterable[Model]) -> int:  # noqa: ARG002 - most need no more than their threads
        """Return how many windows of a recipe with these models run at once."""
        return self.streams

    def budget_for(self, model: Model) -> int:  # noqa: ARG002 - one of most backends suits all models
        """Return the bytes that the activations of one window of a model may take."""
        return self.memory_budget

    def holds(self, models: Iterable[Model]) -> bool:  # noqa: ARG002 - most have one copy of the weights
        """Return whether there is the memory for all of some large models at once, with the windows of each."""
        return self.settings.serves_previews

    def window_side(self, model: Model) -> int:
        """Return the longest side in pixels of a window whose activations stay within the budget."""
        side = math.isqrt(self.budget_for(model) // self.bytes_per_pixel[model.architecture])
        side = min(side, self.largest_window, model.maximum_side or side)
        return max(model.minimum_side, side)

    def side_through(self, models: Iterable[Model]) -> int:
        """Return the longest side of a window that models one after another, and their stand-ins, have memory for."""
        side, scale = self.largest_window, 1
        for model in models:
            side = min(side, self.window_side(model) // scale)
            if model.stand_in:
                side = min(side, self.side_through(stand_ins_of(model)) // scale)
            scale *= model.scale
        return side

    def describe(self) -> dict[str, Any]:
        """Return name, device, precision, version and whether it is a GPU as JSON-ready values."""
        return {
            "engine": self.name,
            "device": self.device,
            "precision": self.precision,
            "version": self.version,
            "gpu": not self.on_processor,
            "streams": self.streams,
        }


@dataclass(frozen=True)
class Registration:
    """The declaration of a backend, in its module under the name ``REGISTRATION``.

    Attributes:
        candidates: makes the backends of this name for the settings, best first; none of them is probed yet.
        automatic: whether ``ENGINE=auto`` considers it.
        custom_kinds: the kinds of custom model that it loads.
        partial_kinds: those of them of which it knows some layers only; a processor stands behind it.

    """

    candidates: Callable[[EngineSettings], list[Backend]]
    automatic: bool = False
    custom_kinds: frozenset[str] = frozenset()
    partial_kinds: frozenset[str] = frozenset()

    def reads(self, kind: str) -> bool:
        """Return whether it loads models of a kind, "" for those of the catalogue."""
        return not kind or kind in self.custom_kinds

    def reads_all(self, kind: str) -> bool:
        """Return whether it loads every model of a kind."""
        return self.reads(kind) and kind not in self.partial_kinds

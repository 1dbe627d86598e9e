"""The ncnn backend: any graphics device through Vulkan, and processors that OpenVINO does not serve."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import threading
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from upscaler.engine.backends.adapted import AdaptedModel, Runner
from upscaler.engine.backends.base import (
    Backend,
    LoadedModel,
    Registration,
    Result,
    Window,
    image_of,
    planes_of,
)
from upscaler.engine.backends.stream_memory import Share, available_bytes, share
from upscaler.engine.backends.vulkan_probe import VulkanDevice, find_device
from upscaler.engine.devices.processor import processor
from upscaler.engine.model_zoo.catalogue import CUGAN, CUNET, CUSTOM, RRDB, SPAN, SRMD, SRVGG, UPCONV7, Model
from upscaler.engine.model_zoo.custom_model import NCNN, CustomModel
from upscaler.engine.model_zoo.ncnn_graph import Graph, read_graph
from upscaler.engine.model_zoo.weights import find_weights
from upscaler.engine.settings import EngineSettings
from upscaler.errors import N_, EngineError, EngineUnavailable

# The code that ncnn's layers return when an allocation failed.
_NO_MEMORY = -100
# For the activations of one window on a graphics device: the share of the memory that its driver grants, and the bytes
# where that is not known.
_MEMORY_SHARE = 0.75
_UNKNOWN_BYTES = 1_500_000_000
# A layer's line in a .param file, the parameter for features that it is to do without, and its bit for half floats,
# after ``Net::load_param`` and ``get_masked_option`` of ncnn's src/net.cpp.
_RESIZING = re.compile(r"^Interp\b[^\r\n]*", re.MULTILINE)
_FEATURE_MASK, _WITHOUT_FLOAT16_ARITHMETIC = 31, 1
# Each window at work has memory of its own on a processor.
_MOST_STREAMS = 4
_LEAST_SIDE = 96


class NcnnModel(LoadedModel):
    """A model loaded into an ``ncnn.Net``; several threads may run it, ``at_once`` of them at a time, or any number."""

    def __init__(self, model: Model, net: Any, graph: Graph, at_once: int | None) -> None:
        super().__init__(model)
        self._net = net
        self._input = graph.input
        self._output = graph.output
        self._turn = nullcontext() if at_once is None else threading.Semaphore(at_once)

    def run(self, window: Window) -> Result:
        """Run the window through an extractor of its own."""
        import ncnn  # noqa: PLC0415 - heavy, and not installed everywhere

        planes = planes_of(window, self.model)
        with self._turn:
            extractor = self._net.create_extractor()
            # The Mat borrows the memory of `planes` and keeps no reference: the name must live until the end.
            if extractor.input(self._input, ncnn.Mat(planes)) != 0:
                raise EngineError
            output = _extracted(extractor, self._output)
            levels = np.array(output) * np.float32(255)
        return image_of(levels, window, self.model)


def _extracted(extractor: Any, blob: str) -> Any:
    """Run a network up to a blob and return it, an ``ncnn.Mat`` of three axes."""
    code, output = extractor.extract(blob)
    if code == _NO_MEMORY:
        raise MemoryError("ncnn could not allocate memory")
    if code != 0 or output.dims != 3:
        raise RuntimeError(f"ncnn ended with code {code}")
    return output


class _NcnnBackend(Backend):
    """The part that ncnn on a processor and on a graphics device share."""

    name = "ncnn"
    # Windows that a model takes at once, None for any number.
    _at_once: int | None = 1

    @property
    def version(self) -> str:
        """Version of the wheel."""
        return importlib.metadata.version("ncnn")

    def probe(self) -> str | None:
        """Check that the wheel is installed."""
        return None if importlib.util.find_spec("ncnn") else "ncnn is not installed"

    def _configure(self, net: Any) -> None:
        """Set the options of a net; ncnn heeds them only before the layers are loaded."""
        net.opt.num_threads = self.settings.threads

    def _layers(self, param: str) -> str:
        """Return the text of a ``.param`` file as this device is to run it."""
        return param

    def load(self, model: Model) -> LoadedModel:
        """Load a model with the options of this device."""
        if isinstance(model, CustomModel):
            return AdaptedModel(model, self.runner(model))
        files = find_weights(model, self.settings.models_dir, self.settings.cache_dir)
        graph = read_graph(files.param)
        return NcnnModel(model, self._net(files.param, files.bin, model.name), graph, self._at_once)

    def runner(self, model: CustomModel) -> Runner:
        """Load a custom model.

        Raises:
            EngineUnavailable: its files are not those that were examined, or ncnn cannot load them.
            GraphError: they have more than one input or output.

        """
        import ncnn  # noqa: PLC0415

        param, weights = model.verified()
        graph = read_graph(param)
        net = self._net(param, weights, model.name)

        def run(planes: NDArray[np.float32]) -> NDArray[np.float32]:
            extractor = net.create_extractor()
            # The Mat borrows the memory of `planes` and keeps no reference: the name must live until the end.
            if extractor.input(graph.input, ncnn.Mat(planes[0])) != 0:
                raise EngineError
            output = _extracted(extractor, graph.output)
            levels: NDArray[np.float32] = np.array(output)[np.newaxis] * np.float32(model.output_factor)
            return levels

        return run

    def _net(self, param: Path, weights: Path, name: str) -> Any:
        import ncnn  # noqa: PLC0415

        net = ncnn.Net()
        self._configure(net)
        layers = self._layers(param.read_text(encoding="ascii"))
        if net.load_param_mem(layers) != 0 or net.load_model(str(weights)) != 0:
            raise EngineUnavailable(N_("ncnn could not load the weights of %(name)s."), name=name)
        return net


class NcnnCpuBackend(_NcnnBackend):
    """ncnn on the processor, in float32."""

    # ncnn takes 10 to 16 times OpenVINO's memory; smaller windows than this budget allows would cost more in
    # overlap than they save.
    memory_budget = 2_000_000_000
    device = processor().name
    runs_aside = True
    precision = "fp32"
    _at_once = None

    @property
    def streams(self) -> int:  # type: ignore[override]  # one of the other backends
        """A window on each thread: no thread waits for the others behind a layer."""
        return max(1, min(self.settings.threads, _MOST_STREAMS))

    def streams_for(self, models: Iterable[Model]) -> int:
        """Return as many as there is memory for with each of the models."""
        return min((self._share(model).streams for model in models), default=self.streams)

    def budget_for(self, model: Model) -> int:
        """Return what the streams leave for each window, within the budget."""
        return min(self.memory_budget, self._share(model).window_bytes)

    def _share(self, model: Model) -> Share:
        pixel = self.bytes_per_pixel[model.architecture]
        available = available_bytes(self.settings)
        # One net serves all streams. Where there is too little memory, small windows are tried.
        return share(available, self.streams, weights=0, pixel=pixel) or Share(1, _LEAST_SIDE**2 * pixel)

    @property
    def bytes_per_pixel(self) -> Mapping[str, int]:
        """Memory with winograd convolutions and packed layouts, both of which double the speed."""
        return {
            RRDB: 70_000,
            SRVGG: 8_000,
            UPCONV7: 8_000,
            CUNET: 8_000,
            SRMD: 16_000,
            SPAN: 8_000,
            CUGAN: 16_000,
            CUSTOM: 70_000,
        }

    def _configure(self, net: Any) -> None:
        net.opt.num_threads = max(1, self.settings.threads // self.streams)
        net.opt.use_vulkan_compute = False


class NcnnVulkanBackend(_NcnnBackend):
    """ncnn on a graphics device.

    ``precision`` "fp16" stores and computes in half floats, "fp32" does neither: slower, and right on devices
    whose half floats overflow.
    """

    on_processor = False
    # A driver's watchdog does not fire: ncnn submits a window in many small pieces.
    largest_window = 450

    def __init__(self, settings: EngineSettings, precision: str = "fp16") -> None:
        super().__init__(settings)
        self._precision = precision
        self._found: VulkanDevice | None = None

    @property
    def device(self) -> str:
        """Name of the Vulkan device."""
        return self._found.name if self._found else "Vulkan"

    @property
    def precision(self) -> str:
        """Either "fp16" or "fp32"."""
        return self._precision

    @property
    def memory_budget(self) -> int:  # type: ignore[override]  # a constant of the other backends
        """Most of the memory that the driver grants; where there is less after all, windows shrink."""
        known = self._found.memory_mib if self._found else 0
        return int((known << 20) * _MEMORY_SHARE) if known else _UNKNOWN_BYTES

    @property
    def bytes_per_pixel(self) -> Mapping[str, int]:
        """Memory of the device, as seen on llvmpipe; half of it with half floats."""
        factor = 1 if self._precision == "fp16" else 2
        return {
            RRDB: 22_000 * factor,
            SRVGG: 4_000 * factor,
            UPCONV7: 4_000 * factor,
            CUNET: 5_000 * factor,
            SRMD: 6_000 * factor,
            SPAN: 6_000 * factor,
            CUGAN: 10_000 * factor,
            CUSTOM: 22_000 * factor,
        }

    def probe(self) -> str | None:
        """Check that the wheel is installed, and find a device."""
        missing = super().probe()
        if missing:
            return missing
        self._found, reason = find_device(self.settings.gpu_index)
        return reason

    def _configure(self, net: Any) -> None:
        super()._configure(net)
        half = self._precision == "fp16"
        net.opt.use_vulkan_compute = True
        net.opt.use_fp16_packed = half
        net.opt.use_fp16_storage = half
        net.opt.use_fp16_arithmetic = half
        if self._found:
            net.set_vulkan_device(self._found.index)

    def _layers(self, param: str) -> str:
        return resized_in_float32(param) if self._precision == "fp16" else param


def resized_in_float32(param: str) -> str:
    """Return the text of a ``.param`` file with the layers that resize computing in float32.

    They compute places in the window: a half float has whole numbers up to 2048 and quarters up to 512 only, so that
    pixels beyond were taken from beside their place.
    """
    return _RESIZING.sub(rf"\g<0> {_FEATURE_MASK}={_WITHOUT_FLOAT16_ARITHMETIC}", param)


REGISTRATION = Registration(
    candidates=lambda settings: [
        NcnnVulkanBackend(settings, "fp16"),
        NcnnVulkanBackend(settings, "fp32"),
        NcnnCpuBackend(settings),
    ],
    automatic=True,
    custom_kinds=frozenset({NCNN}),
)

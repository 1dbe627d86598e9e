"""The MNN backend: processors, with a window on each thread."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from upscaler.engine.backends.adapted import AdaptedModel, Runner
from upscaler.engine.backends.base import (
    Backend,
    LoadedModel,
    PartRunner,
    Registration,
    Result,
    Window,
    image_of,
    planes_of,
)
from upscaler.engine.backends.layer_graph import Part, cut
from upscaler.engine.backends.mnn_agreement import check_agreement
from upscaler.engine.backends.mnn_files import MnnFiles
from upscaler.engine.backends.mnn_library import Network, first_shape, library
from upscaler.engine.backends.onnx_writer import as_onnx
from upscaler.engine.backends.session_pool import SessionPool
from upscaler.engine.backends.stream_memory import Share, available_bytes, share
from upscaler.engine.devices.processor import processor
from upscaler.engine.model_zoo.catalogue import CUGAN, CUNET, CUSTOM, RRDB, SPAN, SRMD, SRVGG, UPCONV7, Model
from upscaler.engine.model_zoo.custom_model import NCNN, ONNX, CustomModel
from upscaler.engine.model_zoo.ncnn_graph import read_graph
from upscaler.engine.model_zoo.weights import find_weights

_COLOURS = 3
# Each window at work has a copy of the weights in the layout of its convolutions, 0.6 GB of x4plus.
_MOST_STREAMS = 4
# The weights of one stream in bytes, in the layout of fast convolutions and as they are.
_FAST_WEIGHTS = {RRDB: 620_000_000}
_PLAIN_WEIGHTS = {RRDB: 160_000_000}
_SMALL_WEIGHTS = 40_000_000
# Bytes of a window where memory is short of everything: 70 px of x4plus.
_LEAST_WINDOW = 22_000_000
# Where RRDB networks begin to upscale, and the rows that the layers behind it take at once; see ``openvino``.
_RRDB_CUT = "Interp"
_STRIP_ROWS = 32
_STRIP_MARGIN = 2

# From float32 (1, channels, height, width) to levels of the same axes.
_Session = Callable[[NDArray[np.float32]], NDArray[np.float32]]


class MnnModel(LoadedModel):
    """A model with a session for each window at work. Several threads may run it at once.

    Args:
        model: the model.
        make: makes a session; False where it is to be there at once, and may be slower.
        streams: windows of an image that run side by side.
    """

    def __init__(self, model: Model, make: Callable[[bool], _Session], streams: int) -> None:
        super().__init__(model)
        self._pool = SessionPool(lambda: make(True), streams, lambda: make(False))

    def run(self, window: Window) -> Result:
        """Run the window through a session that is free, or through a new one."""
        planes = planes_of(window, self.model)[np.newaxis]
        with self._pool.taken() as session:
            levels = session(planes)[0]
        return image_of(levels, window, self.model)


class _TwoParts:
    """A session whose last layers run strip by strip, as those of ``openvino.TwoPartModel`` do."""

    def __init__(self, body: Network, tail: Network, scale: int) -> None:
        self._body = body
        self._tail = tail
        self._scale = scale

    def __call__(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
        features = self._body.run(planes)
        _, _, height, width = features.shape
        scale = self._scale
        result = np.empty((1, _COLOURS, height * scale, width * scale), np.float32)
        # Strips of one height, for a change of size costs time: those at the edges reach further inwards.
        rows = min(_STRIP_ROWS + 2 * _STRIP_MARGIN, height)
        for top in range(0, height, _STRIP_ROWS):
            bottom = min(top + _STRIP_ROWS, height)
            above = min(max(top - _STRIP_MARGIN, 0), height - rows)
            strip = self._tail.run(np.ascontiguousarray(features[:, :, above : above + rows]))
            result[:, :, top * scale : bottom * scale] = strip[
                :, :, (top - above) * scale : (bottom - above) * scale
            ]
        return result


class MnnBackend(Backend):
    """MNN on the processor, in float32."""

    name = "mnn"
    runs_aside = True
    # 316 px of x4plus: half a minute on one thread, which nothing can stop.
    memory_budget = 450_000_000
    device = processor().name
    precision = "fp32"

    @property
    def version(self) -> str:
        """Version of the wheel."""
        return importlib.metadata.version("MNN")

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

    def holds(self, models: Iterable[Model]) -> bool:
        """Return whether there is the memory for the sessions of all of some models: they keep what they had."""
        taken = 0
        for model in models:
            weights = _FAST_WEIGHTS.get(model.architecture, _SMALL_WEIGHTS)
            taken += self._share(model).streams * (weights + self.budget_for(model))
        return taken <= self._available

    def _share(self, model: Model) -> Share:
        fast = self._fast_share(model)
        if fast is not None:
            return fast
        weights = _PLAIN_WEIGHTS.get(model.architecture, _SMALL_WEIGHTS)
        pixel = self.bytes_per_pixel[model.architecture]
        # Where there is too little even for this, small windows are tried.
        return share(self._available, 1, weights=weights, pixel=pixel) or Share(1, _LEAST_WINDOW)

    def _fast_share(self, model: Model) -> Share | None:
        """Return what there is memory for with fast convolutions; None for too little."""
        weights = _FAST_WEIGHTS.get(model.architecture, _SMALL_WEIGHTS)
        pixel = self.bytes_per_pixel[model.architecture]
        return share(self._available, self.streams, weights=weights, pixel=pixel)

    @property
    def bytes_per_pixel(self) -> Mapping[str, int]:
        """Memory of one window, as measured; that of a custom model is more than any of the others."""
        return {
            RRDB: 4500,
            SRVGG: 2000,
            UPCONV7: 2000,
            CUNET: 2800,
            SRMD: 1300,
            SPAN: 2000,
            CUGAN: 6000,
            CUSTOM: 20_000,
        }

    def probe(self) -> str | None:
        """Check that the wheel is installed and loads."""
        if importlib.util.find_spec("MNN") is None:
            return "MNN is not installed"
        try:
            library()
        except (ImportError, OSError) as error:
            return f"MNN does not start: {error}"
        return None

    def load(self, model: Model) -> LoadedModel:
        """Convert a model, unless that was done before, and make the first session."""
        if isinstance(model, CustomModel):
            return AdaptedModel(model, self.runner(model))
        weights = find_weights(model, self.settings.models_dir, self.settings.cache_dir)
        graph = read_graph(weights.param, weights.bin)
        channels = _COLOURS + len(model.maps)
        if model.architecture == RRDB:
            body, tail = cut(graph, _RRDB_CUT, channels=channels)
            body_file = self._files.converted(as_onnx(body))
            tail_file = self._files.converted(as_onnx(tail, factor=255))

            def make(fast: bool) -> _Session:
                networks = (
                    self._network(model, body_file, body.channels, fast=fast),
                    self._network(model, tail_file, tail.channels, fast=fast),
                )
                return _TwoParts(*networks, model.scale)

            return MnnModel(model, make, self.streams_for([model]))
        whole = Part(graph.layers, graph.input, graph.output, channels)
        file = self._files.converted(as_onnx(whole, factor=255))
        # A session of a small model is there at once as it is.
        return MnnModel(model, lambda _: self._network(model, file, channels).run, self.streams_for([model]))

    def load_part(self, model: Model, part: Part) -> PartRunner:
        """Convert some layers, and make the first session."""
        file = self._files.converted(as_onnx(part))
        pool = SessionPool(lambda: self._network(model, file, part.channels), self.streams)

        def run(planes: NDArray[np.float32]) -> NDArray[np.float32]:
            with pool.taken() as network:
                return network.run(planes)

        return run

    def runner(self, model: CustomModel) -> Runner:
        """Load a custom model.

        Raises:
            EngineUnavailable: its files are not those that were examined.
            GraphError: MNN does not read it, or computes something else than another backend does.

        """
        files = model.verified()
        factor = 1
        if model.kind == ONNX:
            content, factor = files[0].read_bytes(), model.output_factor
        else:
            graph = read_graph(files[0], files[1])
            part = Part(graph.layers, graph.input, graph.output, model.channels)
            content = as_onnx(part, factor=model.output_factor)

        def made(path: Path) -> Runner:
            pool = SessionPool(lambda: self._network(model, path, model.channels, model.maximum_side), keep=1)

            def run(planes: NDArray[np.float32]) -> NDArray[np.float32]:
                with pool.taken() as network:
                    return network.run(planes) * np.float32(factor)

            return run

        path = self._files.converted(content, lambda new: check_agreement(model, made(new), self.settings))
        return made(path)

    @cached_property
    def _files(self) -> MnnFiles:
        return MnnFiles(self.settings.cache_dir, self.version)

    @cached_property
    def _available(self) -> int:
        return available_bytes(self.settings)

    def _network(
        self, model: Model, path: Path, channels: int, side: int = 0, *, fast: bool = True
    ) -> Network:
        """Make a session of a part of a model.

        Without ``fast``, it is ready twenty times as soon, because the weights of its convolutions stay as they are.
        """
        threads = max(1, self.settings.threads // self.streams_for([model]))
        fast = fast and self._fast_share(model) is not None
        return Network(path, first_shape(channels, side), threads=threads, winograd=fast)


# Another processor stands behind it for what it does not read, or computes otherwise.
REGISTRATION = Registration(
    candidates=lambda settings: [MnnBackend(settings)],
    automatic=True,
    custom_kinds=frozenset({ONNX, NCNN}),
    partial_kinds=frozenset({ONNX, NCNN}),
)

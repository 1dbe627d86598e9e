"""The OpenVINO backend: the fastest way to run these models without a graphics device."""

from __future__ import annotations

import contextlib
import importlib.util
import threading
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

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
from upscaler.engine.backends.layer_graph import Part
from upscaler.engine.backends.openvino_graph import build_model, build_part, build_parts
from upscaler.engine.backends.openvino_onnx import read_onnx
from upscaler.engine.backends.precision import faster_precision, options
from upscaler.engine.model_zoo.catalogue import CUGAN, CUNET, CUSTOM, RRDB, SPAN, SRMD, SRVGG, UPCONV7, Model
from upscaler.engine.model_zoo.custom_model import NCNN, ONNX, CustomModel
from upscaler.engine.model_zoo.ncnn_graph import read_graph
from upscaler.engine.model_zoo.weights import find_weights
from upscaler.engine.settings import EngineSettings

_COLOURS = 3
# Where RRDB networks begin to upscale: what comes before works at the size of the window.
_RRDB_CUT = "Interp"
# Rows of a window that the last layers take at once, and those above and below that they must see: four convolutions
# of 3 x 3 behind the upscaled images, at 2, 4, 4 and 4 times the size, reach 1.25 rows far.
_STRIP_ROWS = 32
_STRIP_MARGIN = 2
# How often ``pause`` is called while a window runs.
_PAUSE_MILLISECONDS = 20


class OpenVinoModel(LoadedModel):
    """A model compiled for the processor."""

    def __init__(self, model: Model, compiled: Any) -> None:
        super().__init__(model)
        self._request = compiled.create_infer_request()
        self._lock = threading.Lock()

    def run(self, window: Window) -> Result:
        """Run the window through the one request of this model."""
        planes = planes_of(window, self.model)[np.newaxis]
        with self._lock:
            self._request.infer([planes], share_inputs=True)
            # The request owns its output and overwrites it in the next run.
            return image_of(self._request.get_output_tensor(0).data[0], window, self.model)


class TwoPartModel(LoadedModel):
    """A model whose last layers run strip by strip.

    Those layers work at the size of the result, and the whole window at once would take most of the memory there. Their
    field of view is so small that the strips, with a few more rows on both sides, give the same. A window takes long:
    other models may run meanwhile.
    """

    def __init__(self, model: Model, body: Any, tail: Any) -> None:
        super().__init__(model)
        self._body = body
        self._tail = tail

    def run(self, window: Window) -> Result:
        """Run the window through the first part, and its features through the second."""
        return self.run_pausing(window, lambda: None)

    def run_pausing(self, window: Window, pause: Callable[[], None]) -> Result:
        """Do the same as ``run``, and call ``pause`` meanwhile, which may run this model, too."""
        height, width, scale = window.shape[0], window.shape[1], self.model.scale
        # Requests of its own, because another run may come in a pause.
        body, tail = self._body.create_infer_request(), self._tail.create_infer_request()
        features = _given(body, planes_of(window, self.model)[np.newaxis], pause)
        result = np.empty((height * scale, width * scale, _COLOURS), np.float32)
        for top in range(0, height, _STRIP_ROWS):
            bottom = min(top + _STRIP_ROWS, height)
            above, below = max(top - _STRIP_MARGIN, 0), min(bottom + _STRIP_MARGIN, height)
            rows = _given(tail, np.ascontiguousarray(features[:, :, above:below]), pause)[0]
            kept = rows[:, (top - above) * scale : (bottom - above) * scale]
            result[top * scale : bottom * scale] = kept.transpose(1, 2, 0)
        return result


def _given(request: Any, planes: NDArray[np.float32], pause: Callable[[], None]) -> NDArray[np.float32]:
    """Return the output of a request, which overwrites it in its next run; call ``pause`` until it is there."""
    request.start_async([planes], share_inputs=True)
    try:
        while not request.wait_for(_PAUSE_MILLISECONDS):
            pause()
    except BaseException:
        request.cancel()
        with contextlib.suppress(RuntimeError):
            # It reads the planes until it has ended, and reports the cancellation as an error.
            request.wait()
        raise
    given: NDArray[np.float32] = request.get_output_tensor(0).data
    return given


class OpenVinoBackend(Backend):
    """OpenVINO, with bfloat16 where the processor is faster in it.

    ``precision`` None measures which is faster. bfloat16 stays 46 dB or more from float32.
    """

    name = "openvino"
    memory_budget = 1_200_000_000

    def __init__(self, settings: EngineSettings, precision: str | None = None) -> None:
        super().__init__(settings)
        self._wanted = precision

    @cached_property
    def _core(self) -> Any:
        from upscaler.engine.backends.openvino_library import ov  # noqa: PLC0415 - heavy, and not installed everywhere

        return ov.Core()

    @cached_property
    def device(self) -> str:
        """Name of the processor."""
        return str(self._core.get_property("CPU", "FULL_DEVICE_NAME")).strip()

    @cached_property
    def precision(self) -> str:
        """Either "bf16" or "fp32"."""
        if self._wanted:
            return self._wanted
        return faster_precision(self._core, self.settings.threads)

    @cached_property
    def version(self) -> str:
        """Version of the wheel."""
        from upscaler.engine.backends.openvino_library import ov  # noqa: PLC0415

        return str(ov.__version__)

    @property
    def bytes_per_pixel(self) -> Mapping[str, int]:
        """Memory of the widest layers; twice as much in float32, except for the input of RRDB's last layers."""
        factor = 1 if self.precision == "bf16" else 2
        return {
            RRDB: 2700 * factor + 500,
            SRVGG: 1500 * factor,
            UPCONV7: 1000 * factor,
            CUNET: 2500 * factor,
            SRMD: 2000 * factor,
            SPAN: 2000 * factor,
            CUGAN: 4000 * factor,
            # Not measured: more than any of the others.
            CUSTOM: 8000 * factor,
        }

    def probe(self) -> str | None:
        """Check that the wheel is installed and the processor has the wanted precision."""
        if importlib.util.find_spec("openvino") is None:
            return "openvino is not installed"
        try:
            capabilities = self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        except (ImportError, OSError, RuntimeError) as error:
            return f"openvino does not start: {error}"
        if self.precision == "bf16" and "BF16" not in capabilities:
            return "the processor does not compute in bfloat16"
        return None

    def load(self, model: Model) -> LoadedModel:
        """Build and compile a model for windows of any size."""
        if isinstance(model, CustomModel):
            return AdaptedModel(model, self.runner(model))
        files = find_weights(model, self.settings.models_dir)
        graph = read_graph(files.param, files.bin)
        if model.architecture == RRDB:
            body, tail = build_parts(graph, model.name, _RRDB_CUT)
            return TwoPartModel(model, self._compiled(body), self._compiled(tail))
        built = build_model(graph, model.name, channels=_COLOURS + len(model.maps))
        return OpenVinoModel(model, self._compiled(built))

    def load_part(self, model: Model, part: Part) -> PartRunner:
        """Compile some layers."""
        request = self._compiled(build_part(part, model.name)).create_infer_request()

        def run(planes: NDArray[np.float32]) -> NDArray[np.float32]:
            request.infer([planes], share_inputs=True)
            return np.array(request.get_output_tensor(0).data, np.float32)

        return run

    def runner(self, model: CustomModel) -> Runner:
        """Compile a custom model.

        Raises:
            EngineUnavailable: its files are not those that were examined.
            GraphError, RuntimeError: they hold something that OpenVINO, or ``read_graph``, does not support.

        """
        files = model.verified()
        if model.kind == ONNX:
            built = read_onnx(self._core, files[0], model.output_factor, model.name)
        else:
            graph = read_graph(files[0], files[1])
            built = build_model(graph, model.name, channels=model.channels, factor=model.output_factor)
        request = self._compiled(built).create_infer_request()

        def run(planes: NDArray[np.float32]) -> NDArray[np.float32]:
            request.infer([planes], share_inputs=True)
            # The request owns its output and overwrites it in the next run.
            return np.array(request.get_output_tensor(0).data, np.float32)

        return run

    def _compiled(self, built: Any) -> Any:
        return self._core.compile_model(
            built,
            "CPU",
            options(self.precision, self.settings.threads),
        )


# Some layers of ncnn's files are unknown to ``read_graph``.
REGISTRATION = Registration(
    candidates=lambda settings: [OpenVinoBackend(settings), OpenVinoBackend(settings, "fp32")],
    automatic=True,
    custom_kinds=frozenset({ONNX, NCNN}),
    partial_kinds=frozenset({NCNN}),
)

"""The OpenVINO backend: the fastest way to run these models without a graphics device."""

from __future__ import annotations

import importlib.util
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
from upscaler.engine.backends.openvino_requests import CompiledParts, given
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


class OpenVinoModel(LoadedModel):
    """A model compiled for the processor. Other images may use it while a window pauses."""

    def __init__(self, model: Model, make: Callable[[], Any]) -> None:
        super().__init__(model)
        self._parts = CompiledParts(lambda: [make()], keeps_requests=True)

    def run(self, window: Window) -> Result:
        """Run the window."""
        return self.run_pausing(window, lambda: None)

    def run_pausing(self, window: Window, pause: Callable[[], None]) -> Result:
        """Do the same as ``run``, and call ``pause`` meanwhile."""
        planes = planes_of(window, self.model)[np.newaxis]
        with self._parts.requests() as [request]:
            return image_of(given(request, planes, pause)[0], window, self.model)


class TwoPartModel(LoadedModel):
    """A model whose last layers run strip by strip.

    Those layers work at the size of the result, and the whole window at once would take most of the memory there. Their
    field of view is so small that the strips, with a few more rows on both sides, give the same. Other images may use
    it while a window pauses.
    """

    def __init__(self, model: Model, make: Callable[[], tuple[Any, Any]], *, ahead: bool) -> None:
        super().__init__(model)
        self._parts = CompiledParts(make, ahead=ahead)

    def run(self, window: Window) -> Result:
        """Run the window through the first part, and its features through the second."""
        return self.run_pausing(window, lambda: None)

    def run_pausing(self, window: Window, pause: Callable[[], None]) -> Result:
        """Do the same as ``run``, and call ``pause`` meanwhile."""
        height, width, scale = window.shape[0], window.shape[1], self.model.scale
        result = np.empty((height * scale, width * scale, _COLOURS), np.float32)
        with self._parts.requests() as [body, tail]:
            features = given(body, planes_of(window, self.model)[np.newaxis], pause)
            for top in range(0, height, _STRIP_ROWS):
                bottom = min(top + _STRIP_ROWS, height)
                above, below = max(top - _STRIP_MARGIN, 0), min(bottom + _STRIP_MARGIN, height)
                rows = given(tail, np.ascontiguousarray(features[:, :, above:below]), pause)[0]
                kept = rows[:, (top - above) * scale : (bottom - above) * scale]
                result[top * scale : bottom * scale] = kept.transpose(1, 2, 0)
        return result


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
        files = find_weights(model, self.settings.models_dir, self.settings.cache_dir)
        # Read again for each time that it is compiled: what was read takes as much memory as the compiled model.
        if model.architecture == RRDB:

            def make_parts() -> tuple[Any, Any]:
                body, tail = build_parts(read_graph(files.param, files.bin), model.name, _RRDB_CUT)
                return self._compiled(body), self._compiled(tail)

            return TwoPartModel(model, make_parts, ahead=self.settings.serves_previews)

        def make() -> Any:
            graph = read_graph(files.param, files.bin)
            return self._compiled(build_model(graph, model.name, channels=_COLOURS + len(model.maps)))

        return OpenVinoModel(model, make)

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

"""Other ways to run the same models, for comparison: onnxruntime, and ncnn with bfloat16."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
from collections.abc import Mapping
from typing import Any

import numpy as np

from upscaler.engine.backends.base import Backend, LoadedModel, Result, Window
from upscaler.engine.backends.layer_graph import Part
from upscaler.engine.backends.ncnn import NcnnCpuBackend
from upscaler.engine.backends.onnx_writer import INPUT, as_onnx
from upscaler.engine.model_zoo.catalogue import Model
from upscaler.engine.model_zoo.ncnn_graph import read_graph
from upscaler.engine.model_zoo.weights import find_weights


class NcnnBf16Backend(NcnnCpuBackend):
    """ncnn on the processor, which stores and where it can computes in bfloat16."""

    precision = "bf16"

    def _configure(self, net: Any) -> None:
        super()._configure(net)
        net.opt.use_bf16_storage = True


class OnnxRuntimeBackend(Backend):
    """onnxruntime on the processor, in float32."""

    name = "onnxruntime"
    device = platform.processor() or platform.machine()
    precision = "fp32"

    @property
    def version(self) -> str:
        """Version of the wheel."""
        return importlib.metadata.version("onnxruntime")

    @property
    def bytes_per_pixel(self) -> Mapping[str, int]:
        """Not known, and not asked for here."""
        return {}

    def probe(self) -> str | None:
        """Check that the wheel is installed."""
        return None if importlib.util.find_spec("onnxruntime") else "onnxruntime is not installed"

    def load(self, model: Model) -> LoadedModel:
        """Write the model as ONNX and load it."""
        import onnxruntime  # noqa: PLC0415 - not installed everywhere

        files = find_weights(model, self.settings.models_dir, self.settings.cache_dir)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.settings.threads
        graph = read_graph(files.param, files.bin)
        session = onnxruntime.InferenceSession(
            as_onnx(Part(graph.layers, graph.input, graph.output, 3), factor=255),
            options,
            providers=["CPUExecutionProvider"],
        )
        return _OnnxRuntimeModel(model, session)


class _OnnxRuntimeModel(LoadedModel):
    def __init__(self, model: Model, session: Any) -> None:
        super().__init__(model)
        self._session = session

    def run(self, window: Window) -> Result:
        planes = np.ascontiguousarray(window.transpose(2, 0, 1)[np.newaxis], np.float32) / np.float32(255)
        (output,) = self._session.run(None, {INPUT: planes})
        return np.asarray(output[0].transpose(1, 2, 0), np.float32)

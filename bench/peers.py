"""Other ways to run the same models, for comparison: onnxruntime, and ncnn with bfloat16."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from upscaler.engine.backends.base import Backend, LoadedModel, Result, Window
from upscaler.engine.backends.ncnn import NcnnCpuBackend
from upscaler.engine.backends.openvino_graph import connect
from upscaler.engine.model_zoo.catalogue import Model
from upscaler.engine.model_zoo.ncnn_graph import Graph, read_graph
from upscaler.engine.model_zoo.weights import find_weights

_OPSET, _IR_VERSION = 18, 10


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

        files = find_weights(model, self.settings.models_dir)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.settings.threads
        session = onnxruntime.InferenceSession(
            as_onnx(read_graph(files.param, files.bin)), options, providers=["CPUExecutionProvider"]
        )
        return _OnnxRuntimeModel(model, session)


class _OnnxRuntimeModel(LoadedModel):
    def __init__(self, model: Model, session: Any) -> None:
        super().__init__(model)
        self._session = session

    def run(self, window: Window) -> Result:
        planes = np.ascontiguousarray(window.transpose(2, 0, 1)[np.newaxis], np.float32) / np.float32(255)
        (output,) = self._session.run(None, {"window": planes})
        return np.asarray(output[0].transpose(1, 2, 0) * np.float32(255), np.float32)


def as_onnx(graph: Graph) -> bytes:
    """Return a model in ONNX, from (1, 3, height, width) of 0..1 to the same, of any size."""
    writer = _OnnxWriter()
    output = connect(writer, graph.layers, graph.input, "window")[graph.output]
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, None, None])
        for name in ("window", output)
    ]
    body = helper.make_graph(writer.nodes, "model", ends[:1], ends[1:], writer.weights)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


class _OnnxWriter:
    """Takes the calls that OpenVINO's operations take, and writes nodes of ONNX. A node is its output's name."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def relu(self, node: str) -> str:
        return self._node("Relu", node)

    def sigmoid(self, node: str) -> str:
        return self._node("Sigmoid", node)

    def prelu(self, node: str, slope: NDArray[np.float32]) -> str:
        return self._node("PRelu", node, slope.reshape(-1, 1, 1))

    def add(self, first: Any, second: Any) -> str:
        return self._node("Add", first, second)

    def subtract(self, first: Any, second: Any) -> str:
        return self._node("Sub", first, second)

    def multiply(self, first: Any, second: Any) -> str:
        return self._node("Mul", first, second)

    def concat(self, nodes: Sequence[str], axis: int) -> str:
        return self._node("Concat", *nodes, axis=axis)

    def convolution(
        self,
        node: str,
        weight: NDArray[np.float32],
        strides: list[int],
        begins: list[int],
        ends: list[int],
        dilations: list[int],
    ) -> str:
        return self._node("Conv", node, weight, strides=strides, pads=begins + ends, dilations=dilations)

    def convolution_backprop_data(
        self,
        node: str,
        weight: NDArray[np.float32],
        strides: list[int],
        *,
        pads_begin: list[int],
        pads_end: list[int],
        dilations: list[int],
    ) -> str:
        return self._node(
            "ConvTranspose", node, weight, strides=strides, pads=pads_begin + pads_end, dilations=dilations
        )

    def interpolate(
        self,
        node: str,
        factors: NDArray[np.float32],
        *,
        mode: str,
        coordinate_transformation_mode: str,
        nearest_mode: str = "round_prefer_floor",
        cube_coeff: float = -0.75,
        **_: Any,
    ) -> str:
        scales = np.array([1, 1, *factors], np.float32)
        return self._node(
            "Resize",
            node,
            "",
            scales,
            mode=mode,
            coordinate_transformation_mode=coordinate_transformation_mode,
            nearest_mode=nearest_mode,
            cubic_coeff_a=cube_coeff,
        )

    def depth_to_space(self, node: str, _mode: str, block: int) -> str:
        return self._node("DepthToSpace", node, blocksize=block, mode="CRD")

    def reduce_mean(self, node: str, axes: NDArray[np.int64], *, keep_dims: bool) -> str:
        return self._node("ReduceMean", node, axes, keepdims=int(keep_dims))

    def shape_of(self, node: str) -> str:
        return self._node("Shape", node)

    def gather(self, node: str, indices: NDArray[np.int64], axis: np.int64) -> str:
        return self._node("Gather", node, indices, axis=int(axis))

    def slice(self, node: str, start: Any, stop: Any, step: Any, axes: Any) -> str:
        return self._node("Slice", node, start, stop, axes, step)

    def _node(self, kind: str, *inputs: Any, **attributes: Any) -> str:
        names = [value if isinstance(value, str) else self._weight(value) for value in inputs]
        output = f"node{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, names, [output], **attributes))
        return output

    def _weight(self, value: Any) -> str:
        name = f"weight{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

"""The choice of a precision, on processors that are known to be faster in one of them, and on this one."""

from __future__ import annotations

import time
from typing import Any

import pytest

from upscaler.engine.backends.openvino import OpenVinoBackend
from upscaler.engine.backends.openvino_library import ov
from upscaler.engine.backends.precision import faster_precision
from upscaler.engine.settings import EngineSettings


class Processor:
    """Computes for a time of its own in each precision, in seconds."""

    def __init__(self, capabilities: list[str], **seconds: float) -> None:
        self.capabilities = capabilities
        self.seconds = seconds
        self.compiled: list[str] = []

    def get_property(self, _device: str, _name: str) -> list[str]:
        return self.capabilities

    def compile_model(self, _model: Any, _device: str, options: dict[str, Any]) -> Any:
        hint = options["INFERENCE_PRECISION_HINT"]
        self.compiled.append(hint)
        return _Compiled(self.seconds[hint])


class _Compiled:
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def create_infer_request(self) -> _Compiled:
        return self

    def infer(self, _inputs: list[Any]) -> None:
        until = time.process_time() + self.seconds
        while time.process_time() < until:
            pass


@pytest.mark.parametrize(
    ("seconds", "chosen"), [({"f32": 0.04, "bf16": 0.01}, "bf16"), ({"f32": 0.01, "bf16": 0.04}, "fp32")]
)
def test_the_faster_one_is_taken(seconds: dict[str, float], chosen: str) -> None:
    assert faster_precision(Processor(["FP32", "BF16"], **seconds), 1) == chosen


def test_nothing_is_measured_where_there_is_no_bfloat16() -> None:
    processor = Processor(["FP32", "INT8"])

    assert faster_precision(processor, 1) == "fp32"
    assert processor.compiled == []


def test_this_processor_gets_one_that_it_has() -> None:
    backend = OpenVinoBackend(EngineSettings(threads=2))

    assert backend.precision in {"bf16", "fp32"}
    assert backend.probe() is None
    capabilities = ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    assert backend.precision == "fp32" or "BF16" in capabilities

"""The faster of two precisions on a processor, measured."""

from __future__ import annotations

import logging
import time
from typing import Any

import numpy as np

_log = logging.getLogger(__name__)

# Three convolutions of 64 channels, of which most models of the catalogue consist, over a window of 64 x 64: a few
# milliseconds a round, and within 15 % of the ratio that whole models show.
_CHANNELS = 64
_LAYERS = 3
_SIDE = 64
# The quickest of several rounds, one of each in turn. What counts is the processors' time: a busy neighbour hardly
# changes it, while the ratio by the clock was seen to fall from 1.6 to 1.1 on an overloaded machine.
_ROUNDS = 6


def faster_precision(core: Any, threads: int) -> str:
    """Return "bf16" or "fp32", the one in which the processor behind ``core`` (an ``openvino.Core``) is faster.

    Support for bfloat16 says little: with AMX it takes a half to a third of the time of float32, while processors
    with AVX-512 BF16 alone were measured to take 1.8 times as long.
    """
    if "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        return "fp32"
    requests = {
        precision: core.compile_model(_trial(), "CPU", options(precision, threads)).create_infer_request()
        for precision in ("fp32", "bf16")
    }
    window = np.random.default_rng(0).random((1, _CHANNELS, _SIDE, _SIDE), dtype=np.float32)
    seconds = dict.fromkeys(requests, float("inf"))
    for _ in range(_ROUNDS):
        for precision, request in requests.items():
            started = time.process_time()
            request.infer([window])
            seconds[precision] = min(seconds[precision], time.process_time() - started)
    ratio = seconds["bf16"] / seconds["fp32"]
    _log.info("bfloat16 takes %.2f times as long as float32 on this processor", ratio)
    return "bf16" if ratio < 1 else "fp32"


def options(precision: str, threads: int) -> dict[str, Any]:
    """Return the options with which a model is compiled for the processor."""
    return {
        "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32",
        "INFERENCE_NUM_THREADS": threads,
        "PERFORMANCE_HINT": "LATENCY",
        # Pinned threads of two processes on one host would all sit on the same cores.
        "ENABLE_CPU_PINNING": False,
    }


def _trial() -> Any:
    from upscaler.engine.backends.openvino_library import ops, ov  # noqa: PLC0415 - heavy, and not everywhere

    entry = ops.parameter(ov.PartialShape([1, _CHANNELS, -1, -1]), np.float32)
    random = np.random.default_rng(0)
    node = entry
    for _ in range(_LAYERS):
        weights = random.standard_normal((_CHANNELS, _CHANNELS, 3, 3)).astype(np.float32) / _CHANNELS
        node = ops.relu(ops.convolution(node, weights, [1, 1], [1, 1], [1, 1], [1, 1]))
    return ov.Model([ops.result(node)], [entry], "trial")

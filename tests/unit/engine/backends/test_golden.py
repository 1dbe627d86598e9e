"""The self-test against known output: what passes, and what the means of blocks alone would let pass."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.support.engine import SpoiltModel
from upscaler.engine.backends.base import Result
from upscaler.engine.backends.golden import GOLDEN_FILE, TOLERANCES, reference
from upscaler.engine.backends.ncnn import NcnnCpuBackend
from upscaler.engine.backends.openvino import OpenVinoBackend
from upscaler.engine.backends.self_test import self_test
from upscaler.engine.model_zoo.catalogue import MODELS, Model
from upscaler.engine.settings import EngineSettings
from upscaler.errors import OutputRejected

SETTINGS = EngineSettings(threads=1)
PHOTO = MODELS["waifu2x-upconv7-photo"]


def _wrapped(result: Result) -> Result:
    return np.where(result < 1.5, 255, result).astype(np.float32)


def _one_channel_late(result: Result) -> Result:
    result[..., 2] = np.roll(result[..., 2], 3, axis=1)
    return result


SPOILS: dict[str, Callable[[Result], Result]] = {
    "negatives wrapped to white": _wrapped,
    "five pixels to the right": lambda result: np.roll(result, 5, axis=1),
    "one channel displaced": _one_channel_late,
    "16 levels": lambda result: np.floor(result / 16) * 16,
    "too bright by a fiftieth": lambda result: result * np.float32(1.04),
}


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_every_model_of_the_catalogue_has_a_reference(model: Model) -> None:
    assert reference(model).size == 528


def test_the_references_take_little_room() -> None:
    assert GOLDEN_FILE.stat().st_size < 800 * len(MODELS)


@pytest.mark.parametrize("name", ["waifu2x-upconv7-photo", "waifu2x-cunet-1x-n2", "realesrgan-x4plus-anime"])
@pytest.mark.parametrize(
    "backend",
    [OpenVinoBackend(SETTINGS, "fp32"), OpenVinoBackend(SETTINGS, "bf16"), NcnnCpuBackend(SETTINGS)],
    ids=lambda backend: f"{backend.name} {backend.precision}",
)
def test_sound_backends_pass(backend: OpenVinoBackend | NcnnCpuBackend, name: str) -> None:
    self_test(backend.load(MODELS[name]), backend.precision)


@pytest.mark.parametrize("precision", TOLERANCES)
@pytest.mark.parametrize("spoil", SPOILS.values(), ids=SPOILS.keys())
def test_small_faults_are_found(spoil: Callable[[Result], Result], precision: str) -> None:
    loaded = SpoiltModel(OpenVinoBackend(SETTINGS, "fp32").load(PHOTO), spoil)

    # The means of its blocks are near those of the image: it is an upscaled image, only not the right one.
    self_test(loaded)
    with pytest.raises(OutputRejected, match="off by up to"):
        self_test(loaded, precision)


def test_a_single_level_is_a_fault_in_float32_only() -> None:
    loaded = SpoiltModel(OpenVinoBackend(SETTINGS, "fp32").load(PHOTO), lambda result: result + 1)

    self_test(loaded, "bf16")
    with pytest.raises(OutputRejected):
        self_test(loaded, "fp32")

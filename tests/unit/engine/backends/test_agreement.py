"""ncnn runs the files as they are, OpenVINO a graph that was built from them: both must compute the same."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from upscaler.engine.backends.base import Window
from upscaler.engine.backends.ncnn import NcnnCpuBackend
from upscaler.engine.backends.openvino import OpenVinoBackend
from upscaler.engine.backends.windows import run_window
from upscaler.engine.model_zoo.catalogue import MODELS, Model
from upscaler.engine.settings import EngineSettings

SETTINGS = EngineSettings(threads=1)
# Both compute in float32 but add in another order: 0.02 levels were seen, on realesrgan-x4plus-anime.
TOLERATED_LEVELS = 0.1


def _window(model: Model) -> Window:
    """Return a small, uneven part of a photograph with fine detail."""
    side = max(24, model.minimum_side)
    return np.ascontiguousarray(data.astronaut()[170 : 170 + side, 200 : 208 + side])


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_ncnn_and_openvino_agree(model: Model) -> None:
    window = _window(model)

    ours = run_window(OpenVinoBackend(SETTINGS, "fp32").load(model), window)
    theirs = run_window(NcnnCpuBackend(SETTINGS).load(model), window)

    assert np.abs(ours - theirs).max() < TOLERATED_LEVELS


@pytest.mark.parametrize(
    "backend", [OpenVinoBackend(SETTINGS), NcnnCpuBackend(SETTINGS)], ids=lambda b: b.name
)
def test_a_loaded_model_gives_the_same_again_and_keeps_earlier_results(
    backend: OpenVinoBackend | NcnnCpuBackend,
) -> None:
    model = MODELS["waifu2x-upconv7-photo"]
    loaded = backend.load(model)
    window = _window(model)

    first = loaded.run(window)
    kept = first.copy()
    loaded.run(255 - window)

    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(loaded.run(window), kept)

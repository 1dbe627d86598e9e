"""ncnn runs the files as they are, OpenVINO and MNN a graph that was built from them: all must compute the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from skimage import data

from tests.support.mnn import needs_mnn
from upscaler.engine.backends.base import Backend, Window
from upscaler.engine.backends.mnn import MnnBackend
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


# Transformed convolutions round a little more: 0.27 levels were seen, on realesrgan-x4plus-anime.
TOLERATED_LEVELS_OF_MNN = 0.5


@needs_mnn
@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_mnn_and_openvino_agree(model: Model, tmp_path: Path) -> None:
    least = max(model.minimum_side, 2 * model.border + 1)
    photograph = data.astronaut()
    windows = [_window(model), photograph[100:177, 200:305], photograph[:least, :least]]
    # Each after another one: the library plans every size anew.
    openvino = OpenVinoBackend(SETTINGS, "fp32").load(model)
    mnn = MnnBackend(EngineSettings(threads=1, cache_dir=str(tmp_path))).load(model)

    for window in (*windows, windows[0]):
        ours, theirs = (run_window(one, np.ascontiguousarray(window)) for one in (mnn, openvino))
        assert np.abs(ours - theirs).max() < TOLERATED_LEVELS_OF_MNN


@pytest.mark.parametrize(
    "backend",
    [
        OpenVinoBackend(SETTINGS),
        NcnnCpuBackend(SETTINGS),
        pytest.param(MnnBackend(SETTINGS), marks=needs_mnn),
    ],
    ids=lambda b: b.name,
)
def test_a_loaded_model_gives_the_same_again_and_keeps_earlier_results(
    backend: Backend,
) -> None:
    model = MODELS["waifu2x-upconv7-photo"]
    loaded = backend.load(model)
    window = _window(model)

    first = loaded.run(window)
    kept = first.copy()
    loaded.run(255 - window)

    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(loaded.run(window), kept)

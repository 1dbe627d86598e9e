from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from skimage import data

from upscaler.engine.backends.lanczos import LanczosBackend
from upscaler.engine.backends.windows import run_window
from upscaler.engine.model_zoo.catalogue import MODELS, Model
from upscaler.engine.settings import EngineSettings


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_it_stands_in_for_every_model(model: Model) -> None:
    side = model.minimum_side + 4
    window = np.ascontiguousarray(data.chelsea()[:side, :side])

    result = run_window(LanczosBackend(EngineSettings()).load(model), window)

    whole = np.asarray(Image.fromarray(window).resize((side * model.scale,) * 2, Image.Resampling.LANCZOS))
    border = model.border * model.scale
    np.testing.assert_array_equal(result, whole[border : len(whole) - border, border : len(whole) - border])

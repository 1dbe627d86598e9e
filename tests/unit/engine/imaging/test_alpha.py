from __future__ import annotations

import numpy as np
import pytest

from upscaler.engine.imaging.alpha import bands, bleed_colour, limit_to_source


def test_invisible_pixels_take_the_colour_of_the_nearest_visible_ones():
    rgb = np.zeros((32, 48, 3), np.uint8)
    alpha = np.zeros((32, 48), np.uint8)
    rgb[:, :8], alpha[:, :8] = (200, 30, 10), 255
    rgb[:, 40:], alpha[:, 40:] = (10, 60, 220), 255
    filled = bleed_colour(rgb, alpha)
    np.testing.assert_array_equal(filled[16, 9], (200, 30, 10))
    np.testing.assert_array_equal(filled[16, 38], (10, 60, 220))
    assert filled[..., 1].min() >= 30, "nothing black is left"


def test_visible_pixels_stay_as_they_are():
    generator = np.random.default_rng(2)
    rgb = generator.integers(0, 256, (33, 17, 3), np.uint8)
    alpha = generator.choice(np.array([0, 1, 100, 255], np.uint8), (33, 17))
    before = rgb.copy()
    filled = bleed_colour(rgb, alpha)
    np.testing.assert_array_equal(filled[alpha > 0], before[alpha > 0])
    np.testing.assert_array_equal(rgb, before)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 3), (65, 31)])
def test_it_fills_images_of_any_size_from_one_visible_pixel(shape):
    rgb = np.zeros((*shape, 3), np.uint8)
    alpha = np.zeros(shape, np.uint8)
    rgb[-1, -1], alpha[-1, -1] = (9, 90, 190), 1
    np.testing.assert_array_equal(bleed_colour(rgb, alpha), np.broadcast_to((9, 90, 190), (*shape, 3)))


@pytest.mark.parametrize("value", [0, 255])
def test_it_has_nothing_to_do_where_all_or_nothing_is_visible(value):
    rgb = np.full((4, 4, 3), 7, np.uint8)
    assert bleed_colour(rgb, np.full((4, 4), value, np.uint8)) is rgb


def test_an_upscaled_alpha_channel_cannot_ripple_beside_an_edge():
    alpha = np.zeros((6, 8), np.uint8)
    alpha[:, 4:] = 255
    upscaled = np.repeat(np.repeat(alpha, 4, 0), 4, 1)
    upscaled[:, 4] = 9
    upscaled[:, 28] = 240
    upscaled[:, 15:17] = 120
    limit_to_source(upscaled, alpha, 4)
    assert upscaled[0, [4, 28]].tolist() == [0, 255]
    assert upscaled[0, 15:17].tolist() == [120, 120], "the edge itself is left to the model"


def test_bands_cover_every_row_once():
    assert [list(range(5))[band] for band in bands(5, 1 << 21)] == [[0, 1], [2, 3], [4]]
    assert list(bands(3, 1 << 30)) == [slice(0, 1), slice(1, 2), slice(2, 3)]

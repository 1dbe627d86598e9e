from __future__ import annotations

import numpy as np
import pytest

from upscaler.engine.imaging.image import DecodedImage, as_8_bits, to_luma, white_of


def test_the_size_is_width_before_height() -> None:
    image = DecodedImage(np.zeros((2, 5, 3), np.uint8), None, False, False, None, None)

    assert image.size == (5, 2)


def test_every_level_of_16_bits_is_rounded_to_the_nearest_of_8() -> None:
    levels = np.arange(65536, dtype=np.uint16).reshape(256, 256)

    result = as_8_bits(levels)

    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result, np.rint(levels / 257).astype(np.uint8))


def test_levels_of_8_bits_are_not_copied() -> None:
    levels = np.zeros((3, 4), np.uint8)

    assert as_8_bits(levels) is levels


@pytest.mark.parametrize(("dtype", "white"), [(np.uint8, 255), (np.uint16, 65535)])
def test_white_is_the_largest_level(dtype: type[np.unsignedinteger], white: int) -> None:
    assert white_of(np.zeros(1, dtype)) == white


def test_luma_weighs_the_colours() -> None:
    rgb = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], np.float32)

    luma = to_luma(rgb)

    assert luma.shape == (1, 4, 1)
    np.testing.assert_allclose(luma[0, :, 0], [76.245, 149.685, 29.07, 255], rtol=1e-5)

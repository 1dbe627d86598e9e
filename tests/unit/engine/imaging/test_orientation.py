"""Turning as the EXIF orientation says, compared with Pillow."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageOps

from upscaler.engine.imaging.orientation import (
    ORIENTATION_TAG,
    as_stored,
    is_transposed,
    upright,
    valid_orientation,
)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_turns_as_pillow_does(orientation):
    image = Image.fromarray(np.arange(12, dtype=np.uint8).reshape(3, 4))
    image.getexif()[ORIENTATION_TAG] = orientation
    np.testing.assert_array_equal(
        upright(np.asarray(image), orientation), np.asarray(ImageOps.exif_transpose(image))
    )


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turning_can_be_undone(orientation):
    pixels = np.arange(24, dtype=np.uint8).reshape(3, 4, 2)
    turned = upright(pixels, orientation)
    assert is_transposed(orientation) == (turned.shape[:2] == (4, 3))
    np.testing.assert_array_equal(as_stored(turned, orientation), pixels)


@pytest.mark.parametrize("value", [0, 9, None, "6", 3.0])
def test_nonsense_is_upright(value):
    assert valid_orientation(value) == 1

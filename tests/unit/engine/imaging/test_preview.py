from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from upscaler.engine.imaging.preview import write_preview_of_file, write_preview_of_pixels


def test_a_preview_of_a_file_is_small_and_keeps_transparency(tmp_path):
    pixels = np.full((300, 2100, 4), 90, np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    write_preview_of_file(tmp_path / "a.png", tmp_path / "p")
    with Image.open(tmp_path / "p") as image:
        assert (image.format, image.size, image.mode) == ("WEBP", (1024, 146), "RGBA")
        assert np.abs(np.asarray(image)[..., 3].astype(int) - 90).max() <= 2


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_preview_of_pixels_is_never_larger_than_the_image(tmp_path, colours, channels):
    pixels = np.dstack([colours(60, 40), colours(60, 40)])[..., :channels]
    write_preview_of_pixels(pixels, None, tmp_path / "p")
    with Image.open(tmp_path / "p") as image:
        assert image.size == (60, 40)

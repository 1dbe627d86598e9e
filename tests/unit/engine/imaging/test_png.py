from __future__ import annotations

import io
import zlib

import numpy as np
import pytest
import pyvips
from PIL import Image

from upscaler.engine.imaging.png import PngWriter, Tags


def written(pixels, tags=None, step=5, **options) -> bytes:
    height, width, channels = pixels.shape
    file = io.BytesIO()
    writer = PngWriter(file, (width, height), (channels, pixels.dtype), tags or Tags(), **options)
    for top in range(0, height, step):
        writer.write(pixels[top : top + step])
    writer.close()
    return file.getvalue()


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("level", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_another_reader_sees_the_very_pixels(channels, level, compressed):
    most = np.iinfo(level).max
    pixels = np.random.default_rng(1).integers(0, most, (23, 17, channels), level, endpoint=True)
    image = pyvips.Image.new_from_buffer(written(pixels, compressed=compressed), "", fail_on="warning")
    assert image.bands == channels
    np.testing.assert_array_equal(np.asarray(image.numpy()).reshape(pixels.shape), pixels)


def test_strips_of_any_height_give_the_same_file(colours):
    pixels = colours(31, 40)
    assert Image.open(io.BytesIO(written(pixels, step=1))).tobytes() == pixels.tobytes()
    assert Image.open(io.BytesIO(written(pixels, step=40))).tobytes() == pixels.tobytes()


def test_the_tags_are_there(colours, wide_profile):
    exif = Image.Exif()
    exif[0x010E] = "a title"
    tags = Tags(wide_profile, (300.0, 150.0), exif.tobytes().removeprefix(b"Exif\0\0"))
    with Image.open(io.BytesIO(written(colours(8, 8), tags))) as image:
        assert image.info["icc_profile"] == wide_profile
        assert image.info["dpi"] == pytest.approx((300, 150), abs=0.1)
        assert image.getexif()[0x010E] == "a title"


def test_it_is_smaller_than_what_it_holds(colours):
    pixels = np.kron(colours(60, 60), np.ones((4, 4, 1), np.uint8))
    assert len(written(pixels)) < len(zlib.compress(pixels.tobytes(), 9)) < pixels.nbytes / 10

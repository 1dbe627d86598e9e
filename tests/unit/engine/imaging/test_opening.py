from __future__ import annotations

import pytest
from PIL import Image

from upscaler.engine.imaging.formats import JPEG, PNG, TIFF
from upscaler.engine.imaging.opening import describe, open_image, read_head
from upscaler.engine.imaging.orientation import ORIENTATION_TAG
from upscaler.errors import DamagedImage, EmptyFile, UnsupportedImage


def test_an_empty_file_has_no_head(tmp_path):
    (tmp_path / "a").touch()
    with pytest.raises(EmptyFile):
        read_head(tmp_path / "a")


@pytest.mark.parametrize("error", [OSError, SyntaxError, ValueError, MemoryError, KeyError])
def test_whatever_a_reader_raises_means_a_damaged_file(save, error):
    path = save("a.png", Image.new("RGB", (4, 4)))
    with pytest.raises(DamagedImage), open_image(path, PNG):
        raise error


def test_our_own_errors_pass(save):
    path = save("a.png", Image.new("RGB", (4, 4)))
    with pytest.raises(UnsupportedImage), open_image(path, PNG):
        raise UnsupportedImage(formats="PNG")


@pytest.mark.parametrize("kind", [JPEG, PNG, TIFF], ids=lambda kind: kind.name)
def test_the_size_is_the_upright_one_with_any_reader(save, kind):
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = 6
    path = save(f"a.{kind.name}", Image.new("RGB", (8, 4)), exif=exif)
    with open_image(path, kind) as image:
        info = describe(image, kind)
    assert (info.width, info.height) == (4, 8)


@pytest.mark.parametrize("value", [0, 9])
def test_an_orientation_that_makes_no_sense_is_none(save, value):
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = value
    path = save("a.jpeg", Image.new("RGB", (4, 4)), exif=exif)
    with open_image(path, JPEG) as image:
        assert image.orientation == 1

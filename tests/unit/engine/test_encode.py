from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from upscaler.engine.encode import Canvas, check_result_size, write_picture, write_preview
from upscaler.engine.formats import FORMATS, JPEG, PNG, TIFF, WEBP
from upscaler.errors import EngineError, ResultTooLarge


@pytest.fixture
def canvas(colours, wide_profile):
    alpha = np.tile(np.linspace(0, 255, 60).astype(np.uint8), (40, 1))
    return Canvas(colours(60, 40), alpha, wide_profile, (300.0, 300.0))


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.name)
def test_it_writes_every_kind_with_profile(tmp_path, canvas, kind):
    target = tmp_path / "result"
    write_picture(canvas, target, kind)
    with Image.open(target) as image:
        assert image.format == kind.name.upper()
        assert image.size == (60, 40)
        assert image.mode == ("RGBA" if kind.has_alpha else "RGB")
        assert image.info["icc_profile"] == canvas.profile
        if kind is not WEBP:  # which has no room for a resolution
            assert image.info["dpi"] == pytest.approx((300, 300), abs=1)
    assert [path.name for path in tmp_path.iterdir()] == ["result"], "nothing else is left"


@pytest.mark.parametrize("kind", [PNG, TIFF], ids=lambda kind: kind.name)
def test_lossless_kinds_hold_the_very_pixels(tmp_path, canvas, kind):
    write_picture(canvas, tmp_path / "a", kind)
    with Image.open(tmp_path / "a") as image:
        np.testing.assert_array_equal(np.asarray(image), np.dstack([canvas.colour, canvas.alpha]))


@pytest.mark.parametrize("kind", [JPEG, WEBP], ids=lambda kind: kind.name)
def test_lossy_kinds_are_close(tmp_path, colours, kind):
    pixels = colours(64, 64)
    write_picture(Canvas(pixels, None, None, None), tmp_path / "a", kind)
    with Image.open(tmp_path / "a") as image:
        assert np.abs(np.asarray(image.convert("RGB")).astype(int) - pixels).mean() < 2


def test_jpeg_keeps_colour_at_full_resolution(tmp_path):
    stripes = np.zeros((16, 16, 3), np.uint8)
    stripes[:, ::2] = (255, 0, 0)
    stripes[:, 1::2] = (0, 0, 255)
    write_picture(Canvas(stripes, None, None, None), tmp_path / "a", JPEG)
    with Image.open(tmp_path / "a") as image:
        assert np.abs(np.asarray(image).astype(int) - stripes).mean() < 12


@pytest.mark.parametrize("kind", [PNG, TIFF, JPEG], ids=lambda kind: kind.name)
def test_gray_is_written_as_one_channel(tmp_path, kind):
    pixels = np.linspace(0, 255, 64).astype(np.uint8).reshape(8, 8, 1)
    write_picture(Canvas(pixels, None, None, None), tmp_path / "a", kind)
    with Image.open(tmp_path / "a") as image:
        assert image.mode == "L"
        assert np.abs(np.asarray(image).astype(int) - pixels[..., 0]).max() <= (3 if kind is JPEG else 0)


def test_transparency_is_laid_on_white_in_jpeg(tmp_path):
    canvas = Canvas(np.zeros((16, 16, 3), np.uint8), np.zeros((16, 16), np.uint8), None, None)
    write_picture(canvas, tmp_path / "a", JPEG)
    with Image.open(tmp_path / "a") as image:
        assert np.asarray(image).min() >= 253


def test_a_preview_is_small_and_keeps_transparency(tmp_path):
    pixels = np.full((300, 2100, 3), 90, np.uint8)
    size = write_preview(Canvas(pixels, np.full((300, 2100), 80, np.uint8), None, None), tmp_path / "p")
    assert size == (1024, 146)
    with Image.open(tmp_path / "p") as image:
        assert (image.format, image.size, image.mode) == ("WEBP", (1024, 146), "RGBA")
        assert np.abs(np.asarray(image)[..., 3].astype(int) - 80).max() <= 2


def test_a_preview_is_never_larger_than_the_picture(tmp_path, canvas):
    assert write_preview(canvas, tmp_path / "p") == (60, 40)


def test_an_existing_file_is_replaced_whole_or_stays(tmp_path, canvas):
    target = tmp_path / "a"
    target.write_bytes(b"old")
    wide = Canvas(np.zeros((1, WEBP.max_side + 1, 3), np.uint8), None, None, None)
    with pytest.raises(EngineError):
        write_picture(wide, target, WEBP)
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    write_picture(canvas, target, PNG)
    assert target.read_bytes().startswith(b"\x89PNG")


def test_it_knows_beforehand_what_a_kind_cannot_hold():
    check_result_size(16383, 10, WEBP)
    with pytest.raises(ResultTooLarge, match="16383 x 16383"):
        check_result_size(10, 16384, WEBP)
    with pytest.raises(ResultTooLarge):
        check_result_size(65501, 10, JPEG)
    check_result_size(65501, 10, PNG)

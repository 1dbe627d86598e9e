from __future__ import annotations

import numpy as np
import pytest
import pyvips
from PIL import Image

from upscaler.engine.imaging.encode import ResultWriter
from upscaler.engine.imaging.formats import AVIF, FORMATS, JPEG, PNG, TIFF, WEBP
from upscaler.engine.imaging.png import Tags
from upscaler.errors import EngineError

WRITABLE = [kind for kind in FORMATS if kind.writable]


@pytest.fixture
def rgba(colours):
    alpha = np.tile(np.linspace(0, 255, 60).astype(np.uint8), (40, 1))
    return np.dstack([colours(60, 40), alpha])


def write(pixels, target, kind, tags=None, **more):
    height, width, channels = pixels.shape
    writer = ResultWriter(target, kind, (width, height), (channels, pixels.dtype), tags or Tags(), **more)
    try:
        for top in range(0, height, 7):
            writer.write(pixels[top : top + 7])
        writer.close()
    finally:
        writer.abort()


@pytest.mark.parametrize("kind", WRITABLE, ids=lambda kind: kind.name)
def test_it_writes_every_kind_with_profile(tmp_path, rgba, kind, wide_profile):
    target = tmp_path / "result"
    write(rgba, target, kind, Tags(wide_profile, (300.0, 300.0)))
    with Image.open(target) as image:
        assert image.format == kind.name.upper()
        assert image.size == (60, 40)
        assert image.mode == ("RGBA" if kind.has_alpha else "RGB")
        assert image.info["icc_profile"] == wide_profile
        if kind not in (WEBP, AVIF):  # which have no room for a resolution
            assert image.info["dpi"] == pytest.approx((300, 300), abs=1)
    assert [path.name for path in tmp_path.iterdir()] == ["result"], "nothing else is left"


@pytest.mark.parametrize("kind", [PNG, TIFF], ids=lambda kind: kind.name)
def test_lossless_kinds_hold_the_very_pixels(tmp_path, rgba, kind):
    write(rgba, tmp_path / "a", kind)
    with Image.open(tmp_path / "a") as image:
        np.testing.assert_array_equal(np.asarray(image), rgba)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("kind", [PNG, TIFF], ids=lambda kind: kind.name)
def test_deep_kinds_hold_16_bits(tmp_path, kind, channels):
    pixels = np.random.default_rng(3).integers(0, 65536, (40, 60, channels), np.uint16)
    write(pixels, tmp_path / "a", kind)
    image = pyvips.Image.new_from_file(str(tmp_path / "a"))
    assert image.format == "ushort"
    np.testing.assert_array_equal(image.numpy().reshape(pixels.shape), pixels)


@pytest.mark.parametrize("kind", [JPEG, WEBP, AVIF], ids=lambda kind: kind.name)
def test_lossy_kinds_are_close(tmp_path, colours, kind):
    pixels = colours(64, 64)
    write(pixels, tmp_path / "a", kind)
    with Image.open(tmp_path / "a") as image:
        assert np.abs(np.asarray(image.convert("RGB")).astype(int) - pixels).mean() < 2


def test_jpeg_keeps_colour_at_full_resolution(tmp_path):
    stripes = np.zeros((16, 16, 3), np.uint8)
    stripes[:, ::2] = (255, 0, 0)
    stripes[:, 1::2] = (0, 0, 255)
    write(stripes, tmp_path / "a", JPEG)
    with Image.open(tmp_path / "a") as image:
        assert np.abs(np.asarray(image).astype(int) - stripes).mean() < 12


@pytest.mark.parametrize("kind", [PNG, TIFF, JPEG], ids=lambda kind: kind.name)
def test_gray_is_written_as_one_channel(tmp_path, kind):
    pixels = np.linspace(0, 255, 64).astype(np.uint8).reshape(8, 8, 1)
    write(pixels, tmp_path / "a", kind)
    with Image.open(tmp_path / "a") as image:
        assert image.mode == "L"
        assert "icc_profile" not in image.info
        assert np.abs(np.asarray(image).astype(int) - pixels[..., 0]).max() <= (3 if kind is JPEG else 0)


@pytest.mark.parametrize("channels", [2, 4])
def test_transparency_is_laid_on_white_in_jpeg(tmp_path, channels):
    write(np.zeros((16, 16, channels), np.uint8), tmp_path / "a", JPEG)
    with Image.open(tmp_path / "a") as image:
        assert np.asarray(image).min() >= 253


@pytest.mark.parametrize("kind", [JPEG, WEBP, AVIF], ids=lambda kind: kind.name)
def test_more_quality_takes_more_bytes(tmp_path, colours, kind):
    pixels = np.random.default_rng(5).integers(0, 60, (64, 64, 3), np.uint8) + colours(64, 64) // 2
    sizes = []
    for quality in (20, 60, 98):
        write(pixels, tmp_path / "a", kind, quality=quality)
        sizes.append((tmp_path / "a").stat().st_size)
    assert sizes == sorted(set(sizes))


def test_an_image_larger_than_the_pipe_arrives_whole(tmp_path):
    pixels = np.random.default_rng(2).integers(0, 256, (900, 1400, 3), np.uint8)
    write(pixels, tmp_path / "a", TIFF)
    with Image.open(tmp_path / "a") as image:
        np.testing.assert_array_equal(np.asarray(image), pixels)


@pytest.mark.parametrize("kind", WRITABLE, ids=lambda kind: kind.name)
def test_giving_up_leaves_nothing(tmp_path, rgba, kind):
    writer = ResultWriter(tmp_path / "a", kind, (60, 40), (4, rgba.dtype), Tags())
    writer.write(rgba[:20])
    writer.abort()
    writer.abort()
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_replaced_whole_or_stays(tmp_path, rgba):
    target = tmp_path / "a"
    target.write_bytes(b"old")
    with pytest.raises(EngineError):
        write(np.zeros((1, WEBP.max_side + 1, 3), np.uint8), target, WEBP)
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    write(rgba, target, PNG)
    assert target.read_bytes().startswith(b"\x89PNG")

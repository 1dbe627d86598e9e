"""Images with 16 bits per channel: what is read, and that it passes through the models."""

from __future__ import annotations

import numpy as np
import pytest
import pyvips

from upscaler.engine.imaging.decode import decode
from upscaler.engine.notes import Note
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.pipeline import Engine, upscale_file
from upscaler.engine.tiling.scratch import Scratch


def ramp(width: int, height: int, channels: int) -> np.ndarray:
    """Levels that rise by a small part of an 8-bit level from pixel to pixel."""
    steps = np.arange(height * width).reshape(height, width, 1) % 40_000
    return (10_000 + steps + 3_000 * np.arange(channels)).astype(np.uint16)


def deep_file(path, pixels: np.ndarray):
    height, width, bands = pixels.shape
    image = pyvips.Image.new_from_memory(np.ascontiguousarray(pixels).data, width, height, bands, "ushort")
    image.copy(interpretation="rgb16" if bands >= 3 else "grey16").write_to_file(str(path))
    return path


@pytest.mark.parametrize(
    ("kind", "channels"),
    [("png", 1), ("png", 2), ("png", 3), ("png", 4), ("tif", 1), ("tif", 3), ("tif", 4)],
)
def test_it_reads_16_bits_where_they_are_of_use(tmp_path, kind, channels):
    pixels = ramp(30, 20, channels)
    path = deep_file(tmp_path / f"a.{kind}", pixels)
    photo = decode(path, deep=True)
    assert photo.rgb.dtype == np.uint16
    np.testing.assert_array_equal(photo.rgb[..., 0], pixels[..., 0])
    if channels in (2, 4):
        assert photo.alpha is not None
        np.testing.assert_array_equal(photo.alpha, pixels[..., -1])
    assert photo.bit_depth == 16
    shallow = decode(path)
    assert shallow.rgb.dtype == np.uint8
    assert shallow.bit_depth == 16


@pytest.mark.parametrize("output_format", ["png", "tiff"])
def test_more_than_8_bits_pass_through_the_models(tmp_path, upscaler, output_format):
    pixels = ramp(48, 48, 3)
    source = deep_file(tmp_path / "a.png", pixels)
    result = upscale_file(
        source,
        tmp_path / "out",
        None,
        UpscaleOptions("2x", output_format=output_format),
        Engine(upscaler),
        scratch=Scratch(tmp_path),
    )
    assert result.receipt["backend"]["precision"] == "fp32"
    assert result.receipt["output"]["bit_depth"] == 16
    upscaled = pyvips.Image.new_from_file(str(tmp_path / "out")).numpy()
    assert upscaled.dtype == np.uint16
    assert len(np.unique(upscaled)) > 10 * len(np.unique(upscaled // 257))
    reduced = upscaled.reshape(48, 2, 48, 2, 3).mean(axis=(1, 3))
    # A quarter of an 8-bit level: rounding to 8 bits anywhere on the way would miss it.
    assert np.abs(reduced - pixels)[4:-4, 4:-4].mean() < 64


def test_a_kind_that_holds_8_bits_gets_8(tmp_path, lanczos):
    source = deep_file(tmp_path / "a.png", ramp(16, 16, 3))
    options = UpscaleOptions("2x", output_format="webp")
    result = upscale_file(source, tmp_path / "out", None, options, Engine(lanczos), scratch=Scratch(tmp_path))
    assert result.receipt["output"]["bit_depth"] == 8
    assert Note("bit_depth_reduced", {"bits": 16, "written": 8}).as_dict() in result.receipt["changed"]

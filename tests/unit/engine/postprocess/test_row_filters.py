from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from upscaler.engine.postprocess.row_filters import ArraySink, Downscaler, Sharpener


def pass_through(make, pixels: np.ndarray, size: tuple[int, int], parts: int) -> np.ndarray:
    """Return a filter's output of that size in pixels, with the image cut into about ``parts`` blocks of rows."""
    out = np.zeros((size[1], size[0], pixels.shape[2]), pixels.dtype)
    step = make(ArraySink(out))
    rows = max(1, pixels.shape[0] // parts)
    for top in range(0, pixels.shape[0], rows):
        step.write(pixels[top : top + rows])
    step.close()
    return out


def image(width: int, height: int, channels: int, dtype=np.uint8) -> np.ndarray:
    return np.random.default_rng(width * 7 + height).integers(
        0, np.iinfo(dtype).max, (height, width, channels), dtype, endpoint=True
    )


@settings(max_examples=60, deadline=None)
@given(
    width=st.integers(1, 70),
    height=st.integers(1, 70),
    share=st.floats(0.5, 1),
    parts=st.integers(1, 12),
    channels=st.integers(1, 4),
    dtype=st.sampled_from([np.uint8, np.uint16]),
)
def test_blocks_of_rows_are_reduced_as_the_whole_image_is(width, height, share, parts, channels, dtype):
    pixels = image(width, height, channels, dtype)
    size = (max(1, round(width * share)), max(1, round(height * share)))
    got = pass_through(lambda sink: Downscaler(sink, (width, height), size), pixels, size, parts)
    most = float(np.iinfo(dtype).max)
    for channel in range(channels):
        plane = Image.fromarray(pixels[..., channel].astype(np.float32)).resize(
            size, Image.Resampling.LANCZOS
        )
        expected = np.clip(np.asarray(plane), 0, most)
        assert np.abs(got[..., channel] - expected).max() <= 1.01 * most / 255


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_blocks_of_rows_are_sharpened_as_the_whole_image_is(channels, dtype):
    pixels = image(40, 50, channels, dtype)
    whole, cut = (
        pass_through(lambda sink: Sharpener(sink, 50, "med", 4), pixels, (40, 50), parts) for parts in (1, 9)
    )
    np.testing.assert_array_equal(whole, cut)
    if channels in (2, 4):
        np.testing.assert_array_equal(whole[..., -1], pixels[..., -1])


def test_edges_get_steeper_and_no_pixel_leaves_the_range_of_its_neighbours():
    across = 60 + 120 / (1 + np.exp(-(np.arange(64) - 31.5) / 1.4))
    pixels = np.tile(np.rint(across).astype(np.uint8)[np.newaxis, :, np.newaxis], (20, 1, 3))
    steepness = [np.diff(pixels[10, :, 0].astype(int)).max()]
    for level in ("low", "med", "high"):
        sharp = pass_through(lambda sink, level=level: Sharpener(sink, 20, level, 4), pixels, (64, 20), 1)
        assert pixels.min() <= sharp.min()
        assert sharp.max() <= pixels.max()
        assert np.diff(sharp[10, :, 0].astype(int)).min() >= -1, "no ripple beside the edge"
        steepness.append(np.diff(sharp[10, :, 0].astype(int)).max())
    assert steepness == sorted(set(steepness))


def test_a_flat_image_stays_as_it_is():
    pixels = np.full((30, 30, 3), 77, np.uint8)
    np.testing.assert_array_equal(
        pass_through(lambda sink: Sharpener(sink, 30, "high", 2), pixels, (30, 30), 3), pixels
    )

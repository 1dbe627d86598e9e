"""Traces of JPEG in files and in pixels."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image
from skimage import data

from upscaler.engine.imaging.image import Pixels
from upscaler.engine.imaging.jpeg_steps import (
    Steps,
    find_trace,
    luma_steps,
    quality_of_table,
    trace_in_pixels,
)
from upscaler.engine.imaging.jpeg_trace import JpegTrace

SIDE = 192


def reduced(photograph: Pixels) -> Image.Image:
    """Return a photograph whose own compression, if any, has been averaged away."""
    return Image.fromarray(photograph).resize((SIDE, SIDE), Image.Resampling.BICUBIC)


PHOTOGRAPHS = {
    name: reduced(getattr(data, name)()) for name in ("astronaut", "coffee", "chelsea", "rocket", "cat")
}


def saved(image: Image.Image, **how: object) -> Pixels:
    """Return the pixels of an image after it was saved as JPEG."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **how)
    return np.asarray(Image.open(buffer).convert("RGB"))


@pytest.mark.parametrize("quality", [30, 45, 60, 75, 85, 90])
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_the_quality_is_seen_in_pixels(name: str, quality: int) -> None:
    trace = trace_in_pixels(saved(PHOTOGRAPHS[name], quality=quality))

    assert trace is not None
    assert trace.quality == pytest.approx(quality, abs=2)
    assert trace.seen_in == "pixels"


@pytest.mark.parametrize(("top", "left"), [(3, 5), (0, 1), (7, 0)])
def test_it_is_seen_where_the_edges_were_cut_off(top: int, left: int) -> None:
    trace = trace_in_pixels(saved(PHOTOGRAPHS["coffee"], quality=70)[top:, left:])

    assert trace is not None
    assert trace.quality == pytest.approx(70, abs=2)


@pytest.mark.parametrize("turn", [Image.Transpose.ROTATE_90, Image.Transpose.FLIP_LEFT_RIGHT])
def test_it_is_seen_in_a_turned_image(turn: Image.Transpose) -> None:
    turned = Image.fromarray(saved(PHOTOGRAPHS["cat"], quality=70)).transpose(turn)

    trace = trace_in_pixels(np.asarray(turned))

    assert trace is not None
    assert trace.quality == pytest.approx(70, abs=2)


def test_steps_of_other_tables_are_seen() -> None:
    flat = [[9] * 64, [12] * 64]

    trace = trace_in_pixels(saved(PHOTOGRAPHS["rocket"], qtables=flat))

    assert trace is not None
    assert 70 <= trace.quality <= 90


def drawing(kind: str) -> Pixels:
    """Return what has edges at every eighth pixel, or few colours, and was never JPEG."""
    y, x = np.mgrid[:SIDE, :SIDE]
    rng = np.random.default_rng(5)
    if kind == "pixel art":
        levels = rng.choice([0, 60, 120, 255], (SIDE // 8, SIDE // 8)).repeat(8, 0).repeat(8, 1)
    elif kind == "checks":
        levels = ((y // 8 + x // 8) % 2) * 200 + 20
    elif kind == "ruled":
        levels = np.where((y % 8 == 0) | (x % 8 == 0), 40, 250) - rng.integers(0, 3, (SIDE, SIDE))
    elif kind == "dithered":
        levels = (rng.integers(0, 256, (SIDE, SIDE)) < x * 255 // SIDE) * 255
    elif kind == "gradient":
        levels = x * 255 // SIDE
    else:
        levels = np.full((SIDE, SIDE), 90)
    return np.repeat(levels[..., np.newaxis], 3, axis=2).astype(np.uint8)


@pytest.mark.parametrize("kind", ["pixel art", "checks", "ruled", "dithered", "gradient", "flat"])
def test_drawings_that_were_never_jpeg_have_no_trace(kind: str) -> None:
    assert trace_in_pixels(drawing(kind)) is None


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_photographs_that_were_never_jpeg_have_no_trace(name: str) -> None:
    assert trace_in_pixels(np.asarray(PHOTOGRAPHS[name])) is None


def test_a_scaled_jpeg_image_has_no_trace_of_its_blocks() -> None:
    scaled = Image.fromarray(saved(PHOTOGRAPHS["coffee"], quality=60)).resize((150, 150))

    assert trace_in_pixels(np.asarray(scaled)) is None


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (7, 7), (8, 8), (9, 3)])
def test_small_images_have_no_trace(size: tuple[int, int]) -> None:
    assert trace_in_pixels(np.full((*size, 3), 40, np.uint8)) is None


def test_large_images_of_16_bits_are_looked_at_in_parts() -> None:
    pixels = np.tile(saved(PHOTOGRAPHS["chelsea"], quality=50), (6, 6, 1)).astype(np.uint16) * 257

    trace = trace_in_pixels(pixels)

    assert trace is not None
    assert trace.quality == pytest.approx(50, abs=2)


def segment(number: int, values: list[int], *, wide: bool = False) -> bytes:
    return bytes([number | wide << 4]) + struct.pack(">64H" if wide else "64B", *values)


def steps_of(quality: int) -> Steps:
    """Return the luma table that Pillow writes."""
    buffer = io.BytesIO()
    PHOTOGRAPHS["cat"].save(buffer, "JPEG", quality=quality)
    return np.array(Image.open(buffer).quantization[0], np.float32).reshape(8, 8)


@pytest.mark.parametrize("quality", [1, 12, 49, 50, 77, 90, 99])
def test_the_quality_of_a_table(quality: int) -> None:
    assert quality_of_table(steps_of(quality)) == quality


@pytest.mark.parametrize("wide", [False, True])
def test_a_table_of_a_file_lies_in_the_order_of_frequencies(wide: bool) -> None:
    table = luma_steps([segment(0, [9] * 64) + segment(1, list(range(1, 65)), wide=wide)], 1)

    assert table is not None
    # The zigzag of T.81, figure 5.
    np.testing.assert_array_equal(table[0, :4], [1, 2, 6, 7])
    np.testing.assert_array_equal(table[:4, 0], [1, 3, 4, 10])
    assert table[7, 7] == 64


@pytest.mark.parametrize(
    "segments",
    [[], [segment(2, [9] * 64)], [segment(0, [9] * 64)[:40]], [segment(0, [0] * 64)], [b"\x10"]],
    ids=["none", "other", "cut off", "zero", "short"],
)
def test_a_table_that_is_missing_or_broken_is_none(segments: list[bytes]) -> None:
    assert luma_steps(segments, 0) is None


def test_the_last_definition_counts() -> None:
    table = luma_steps([segment(0, [9] * 64), segment(0, [3] * 64)], 0)

    assert table is not None
    assert (table == 3).all()


def test_of_file_and_pixels_the_lower_quality_counts() -> None:
    twice = Image.fromarray(saved(PHOTOGRAPHS["coffee"], quality=45))
    pixels = saved(twice, quality=97)

    found = find_trace(steps_of(97), pixels)

    assert found is not None
    assert (found.seen_in, found.quality) == ("pixels", pytest.approx(45, abs=2))
    assert find_trace(steps_of(80), saved(PHOTOGRAPHS["coffee"], quality=80)) == JpegTrace(80, "file")
    assert find_trace(steps_of(98), saved(PHOTOGRAPHS["coffee"], quality=98)) == JpegTrace(98, "file")
    assert find_trace(None, np.asarray(PHOTOGRAPHS["coffee"])) is None

"""GIF files of every kind, with known pixels: right pixels or a clear refusal."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image

from tests.support.gif_files import (
    Case,
    cases,
    header,
    image_data,
    lzw,
    places,
    sub_blocks,
    table_of,
    write,
)
from upscaler.engine.imaging.decode import decode
from upscaler.engine.imaging.inspection import inspect_image
from upscaler.engine.notes import Note
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.pipeline import Engine, upscale_file
from upscaler.engine.tiling.scratch import Scratch
from upscaler.errors import DamagedImage, TooManyPixels, UnsupportedLayout


@pytest.fixture
def file(tmp_path):
    def save(content: bytes):
        path = tmp_path / "a.gif"
        path.write_bytes(content)
        return path

    return save


def shown(image) -> np.ndarray:
    """Return uint8 (H, W, 4), 0 where nothing is to be seen."""
    alpha = np.full(image.rgb.shape[:2], 255, np.uint8) if image.alpha is None else image.alpha
    pixels = np.dstack([image.rgb, alpha])
    pixels[alpha == 0] = 0
    return pixels


def alone(data: bytes, size=(10, 10), table: np.ndarray | None = None, frame=None) -> bytes:
    place = struct.pack("<BHHHHB", 0x2C, *(frame or (0, 0, *size)), 0)
    return header(size, table_of(2) if table is None else table) + place + data + b";"


def test_every_kind_is_read_right(file):
    everything = list(cases())
    for case in everything:
        written = write(case)
        image = decode(file(written.content))
        np.testing.assert_array_equal(shown(image), written.shown, err_msg=str(case))
        fills = case.frame == (0, 0, *case.canvas)
        assert (image.alpha is None) == (fills and not case.transparent), case
    print(f"{len(everything)} files of one image, all read")  # noqa: T201 - for pytest -rP
    assert len(everything) == 8 * 2 * 2 * 2 * 7 * 3 * 2


def test_the_first_version_of_the_format_is_read(file):
    written = write(Case(version=b"GIF87a"))
    np.testing.assert_array_equal(shown(decode(file(written.content))), written.shown)


@pytest.mark.parametrize("case", [Case(8), Case(4, transparent=True, frame=(5, 3, 20, 11))])
def test_it_goes_through_the_whole_pipeline(file, tmp_path, lanczos, case):
    written = write(case)
    options = UpscaleOptions("2x", output_format="png")
    upscale_file(
        file(written.content), tmp_path / "b.png", None, options, Engine(lanczos), scratch=Scratch(tmp_path)
    )
    with Image.open(tmp_path / "b.png") as result:
        assert result.size == (74, 42)
        assert (result.mode == "RGBA") == (case.transparent or case.frame[0] > 0)
        alpha = np.asarray(result.convert("RGBA").reduce(2))[..., 3].astype(int)
    assert np.abs(alpha - written.shown[..., 3]).mean() < 16


@pytest.mark.parametrize(
    ("canvas", "frame", "size"),
    [
        ((8, 8), (0, 0, 10, 10), (10, 10)),
        ((8, 8), (5, 5, 10, 10), (15, 15)),
        ((0, 0), (0, 0, 10, 10), (10, 10)),
        ((12, 30), (5, 5, 10, 10), (15, 30)),
    ],
)
def test_an_image_that_is_larger_than_the_whole_is_kept(file, limits, canvas, frame, size):
    content = alone(image_data(places(10, 10, 2), 2), canvas, frame=frame)
    info = inspect_image(file(content), limits)
    assert (info.width, info.height) == size
    image = decode(file(content))
    left, top = frame[:2]
    np.testing.assert_array_equal(image.rgb[top : top + 10, left : left + 10], table_of(2)[places(10, 10, 2)])


@pytest.mark.parametrize("block", [1, 7, 255])
@pytest.mark.parametrize("code_bits", [2, 3, 8, 11])
def test_blocks_and_codes_of_any_size_are_read(file, block, code_bits):
    stored = places(60, 60, 2)
    data = bytes([code_bits]) + sub_blocks(lzw(stored.tobytes(), code_bits), block)
    np.testing.assert_array_equal(decode(file(alone(data, (60, 60)))).rgb, table_of(2)[stored])


def test_data_behind_the_last_pixel_is_ignored(file):
    stored = places(10, 10, 2)
    data = bytes([2]) + sub_blocks(lzw(stored.tobytes() + b"\1" * 40, 2))
    np.testing.assert_array_equal(decode(file(alone(data) + b"trailing")).rgb, table_of(2)[stored])


@pytest.mark.parametrize("ending", [b"", b"\0", b"\0;", b"\0;rubbish"])
def test_a_trailer_and_the_last_empty_block_may_be_missing(file, ending):
    stored = places(10, 10, 2)
    content = alone(image_data(stored, 2))[:-2] + ending
    np.testing.assert_array_equal(decode(file(content)).rgb, table_of(2)[stored])


@pytest.mark.parametrize("count", [0, 1, 50, 99])
def test_data_that_ends_early_is_damaged(file, limits, count):
    data = bytes([2]) + sub_blocks(lzw(places(10, 10, 2).tobytes()[:count] or b"\0", 2))
    with pytest.raises(DamagedImage):
        inspect_image(file(alone(data)), limits)


def test_places_behind_the_end_of_the_table_are_black(file):
    stored = places(10, 10, 2)
    table = np.vstack([table_of(1), np.zeros((2, 3), np.uint8)])
    np.testing.assert_array_equal(
        decode(file(alone(image_data(stored, 2), table=table_of(1)))).rgb, table[stored]
    )


def test_a_file_without_colours_is_refused(file, limits):
    place = struct.pack("<BHHHHB", 0x2C, 0, 0, 10, 10, 0)
    content = header((10, 10), None) + place + image_data(places(10, 10, 2), 2) + b";"
    with pytest.raises(UnsupportedLayout, match="no table of colours"):
        inspect_image(file(content), limits)


def test_a_large_image_is_judged_by_its_header(file, limits):
    with pytest.raises(TooManyPixels):
        inspect_image(file(alone(image_data(places(10, 10, 2), 2), (60_000, 60_000))), limits)
    with pytest.raises(TooManyPixels):
        inspect_image(file(alone(image_data(places(10, 10, 2), 2), frame=(60_000, 60_000, 10, 10))), limits)


def test_gray_stays_gray(file):
    table = np.repeat(np.array([[0], [80], [160], [255]], np.uint8), 3, axis=1)
    image = decode(file(alone(image_data(places(10, 10, 2), 2), table=table)))
    assert image.gray_layout
    np.testing.assert_array_equal(image.rgb, table[places(10, 10, 2)])


def test_a_profile_is_kept_and_metadata_is_noted(file, wide_profile):
    before = b"!\xff\x0bICCRGBG1012" + sub_blocks(wide_profile) + b"!\xfe" + sub_blocks(b"hello")
    image = decode(file(write(Case(), before=before).content))
    assert image.profile == wide_profile
    assert image.notes == [Note("metadata_removed", {"names": ["COMMENT"]})]


def test_of_an_animation_the_first_image_is_read(save):
    frames = [Image.fromarray(np.full((9, 9), level, np.uint8)) for level in (10, 100, 200)]
    image = decode(save("b.gif", frames[0], save_all=True, append_images=frames[1:]))
    assert image.rgb[0, 0].tolist() == [10, 10, 10]
    assert image.notes == [Note("frames_dropped", {"count": 3})]

"""BMP files of every layout, with known pixels: right pixels or a clear refusal."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image

from tests.support.bmp_files import FIELDS, HEIGHT, SRGB, Case, cases, scene, write
from upscaler.engine.imaging.decode import decode
from upscaler.engine.imaging.formats import BMP, format_of_content
from upscaler.engine.imaging.icc_profile import SRGB_PRIMARIES, Curve, Primaries, build_profile
from upscaler.engine.imaging.inspection import inspect_image
from upscaler.engine.notes import Note
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.pipeline import Engine, upscale_file
from upscaler.engine.tiling.scratch import Scratch
from upscaler.errors import DamagedImage, TooManyPixels, UnsupportedImage, UnsupportedLayout

WINDOWS_COLOURS, EMBEDDED, LINKED = 0x57696E20, 0x4D424544, 0x4C494E4B
P3 = Primaries((0.3127, 0.329), (0.68, 0.32), (0.265, 0.69), (0.15, 0.06))


@pytest.fixture
def file(tmp_path):
    def save(content: bytes):
        path = tmp_path / "a.bmp"
        path.write_bytes(content)
        return path

    return save


def calibrated(primaries: Primaries, gammas: tuple[float, ...]) -> bytes:
    corners = (primaries.red, primaries.green, primaries.blue)
    numbers = [round(part * (1 << 30)) for x, y in corners for part in (x, y, 1 - x - y)]
    return struct.pack("<I9i3I", 0, *numbers, *(round(gamma * 65536) for gamma in gammas))


def rows(
    bits: int, size: tuple[int, int], compression: int = 0, pixels: bytes = b"", header: int = 40
) -> bytes:
    """Return a file with a header of Windows or OS/2 and these bytes behind it."""
    head = struct.pack("<IiiHHIIiiII", header, *size, 1, bits, compression, 0, 0, 0, 0, 0).ljust(
        header, b"\0"
    )
    return struct.pack("<2sIII", b"BM", 0, 0, 14 + header) + head + pixels


def test_every_layout_is_read_right(file):
    kinds, files = set(), list(cases())
    for case in files:
        written = write(case)
        image = decode(file(written.content), deep=True)
        white = np.iinfo(image.rgb.dtype).max
        assert np.abs(image.rgb / white - written.colour).max() <= 0.51 / white, case
        assert (image.alpha is None) == (written.alpha is None), case
        if written.alpha is not None:
            assert np.abs(image.alpha / white - written.alpha).max() <= 0.51 / white, case
        assert format_of_content(written.content[:64]) is BMP
        kinds.add((case.header, case.pixels))
    print(f"{len(files)} files of {len(kinds)} layouts, all read")  # noqa: T201 - for pytest -rP
    assert len(kinds) > 110


@pytest.mark.parametrize("pixels", ["palette4", "rle8", "rgb24", "8888", "10 10 10"])
def test_it_goes_through_the_whole_pipeline(file, tmp_path, lanczos, pixels):
    written = write(Case(124, pixels))
    options = UpscaleOptions("2x", output_format="png")
    upscale_file(
        file(written.content), tmp_path / "b.png", None, options, Engine(lanczos), scratch=Scratch(tmp_path)
    )
    with Image.open(tmp_path / "b.png") as result:
        assert result.size == (2 * written.colour.shape[1], 2 * HEIGHT)
        reduced = np.asarray(result.convert("RGB").reduce(2)) / 255
    visible = np.ones(reduced.shape[:2]) if written.alpha is None else written.alpha
    assert np.abs(reduced - written.colour)[visible > 0].mean() < 0.04


@pytest.mark.parametrize(
    ("pixels", "depth"), [("palette8", 8), ("rgb24", 8), ("565", 6), ("10 10 10", 10), ("11 11 10", 11)]
)
def test_the_depth_is_that_of_the_widest_channel(file, limits, pixels, depth):
    assert inspect_image(file(write(Case(124, pixels)).content), limits).bit_depth == depth


@pytest.mark.parametrize("pixels", ["4444", "8888", "rgba"])
def test_an_alpha_channel_that_is_empty_everywhere_is_none(file, pixels):
    written = write(Case(124, pixels), empty_alpha=True)
    assert decode(file(written.content)).alpha is None


def test_an_alpha_mask_of_bits_that_are_not_there_is_none(file):
    content = bytearray(write(Case(124, "rgb24")).content)
    struct.pack_into("<I", content, 14 + 52, 0xFF000000)
    assert decode(file(bytes(content))).alpha is None


def test_gray_stays_gray(file):
    image = decode(file(write(Case(40, "gray8")).content))
    assert image.gray_layout


@pytest.mark.parametrize("header", [12, 40])
def test_places_behind_a_short_table_are_black(file, header):
    places = bytes([0, 1, 2, 3])
    entry = b"\x10\x20\x30\x00"[: 3 if header == 12 else 4]
    head = rows(8, (4, 1), header=40)[14:] if header == 40 else struct.pack("<I4H", 12, 4, 1, 1, 8)
    content = struct.pack("<2sIII", b"BM", 0, 0, 14 + header + 2 * len(entry)) + head + entry * 2 + places
    assert decode(file(content)).rgb[0].tolist() == [[0x30, 0x20, 0x10]] * 2 + [[0, 0, 0]] * 2


def test_an_offset_that_ignores_the_table_is_passed_over(file):
    content = bytearray(write(Case(40, "palette4")).content)
    struct.pack_into("<I", content, 10, 54)
    np.testing.assert_array_equal(
        decode(file(bytes(content))).rgb, np.rint(write(Case(40, "palette4")).colour * 255)
    )


def test_the_last_row_may_lack_what_fills_it_up(file):
    written = write(Case(40, "rgb24"))
    np.testing.assert_array_equal(
        decode(file(written.content[: -(-37 * 3 % 4)])).rgb, np.rint(written.colour * 255)
    )
    with pytest.raises(DamagedImage):
        decode(file(written.content[: -(-37 * 3 % 4) - 1]))


@pytest.mark.parametrize("pixels", ["palette1", "rle8", "rle4", "rgb24", "8888"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_that_is_cut_off_is_damaged(file, limits, pixels, share):
    content = write(Case(124, pixels)).content
    with pytest.raises(DamagedImage):
        inspect_image(file(content[: int(len(content) * share)]), limits)


@pytest.mark.parametrize("pixels", ["rle24", "rle8", "rle4"])
def test_run_lengths_that_end_early_are_damaged(file, pixels):
    content = write(Case(64, pixels)).content
    decode(file(content[:-4]))
    for length in range(len(content) - 60, len(content) - 6):
        with pytest.raises(DamagedImage):
            decode(file(content[:length]))


def test_bytes_behind_the_image_are_ignored(file):
    written = write(Case(40, "rgb24"), behind=b"trailing")
    np.testing.assert_array_equal(decode(file(written.content)).rgb, np.rint(written.colour * 255))


@pytest.mark.parametrize(
    ("content", "layout"),
    [
        (rows(0, (8, 8), 4), "embedded JPEG"),
        (rows(24, (8, 8), 5), "embedded PNG"),
        (rows(1, (8, 8), 3, header=64), "Huffman coding"),
        (rows(32, (8, 8), 11), "CMYK"),
        (rows(64, (8, 8)), "64 bits per pixel"),
        (rows(24, (8, 8), 99), "compression 99"),
        (rows(16, (8, 8), 3, header=64), "bit fields in a file of OS/2"),
        (rows(16, (8, 8), 3, struct.pack("<3I", 0x7E00, 0x7E0, 0x1F)), "overlap or have gaps"),
        (rows(16, (8, 8), 3, struct.pack("<3I", 0xF500, 0xE0, 0x1F)), "overlap or have gaps"),
        (rows(32, (8, 8), 3, struct.pack("<3I", 0xFFFFFF00, 0xF0, 0xF)), "24 bits per channel"),
        (rows(32, (8, 8), 3, bytes(12)), "bit fields without colour"),
        (rows(8, (2, 2), 1, bytes(1024) + b"\x02\x00\0\0\0\1"), "pixels that are left out"),
        (rows(8, (2, 2), 1, bytes(1024) + b"\0\2\1\0\x01\x00\0\0\2\x00\0\1"), "pixels that are left out"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_readers_do_not_agree_on_is_refused(file, limits, content, layout):
    with pytest.raises(UnsupportedLayout, match=layout):
        inspect_image(file(content), limits)


@pytest.mark.parametrize(
    "content",
    [
        rows(24, (0, 8)),
        rows(24, (-3, 8)),
        rows(24, (8, 0)),
        rows(17, (8, 8)),
        rows(24, (8, 8))[:30],
        rows(8, (2, 2), 1, bytes(1024) + b"\0\2\x09\0\0\1"),
        rows(8, (2, 2), 1, bytes(1024) + b"\0\3\1\2\3\0\0\1"),
    ],
)
def test_nonsense_is_damaged(file, limits, content):
    with pytest.raises(DamagedImage):
        inspect_image(file(content), limits)


def test_a_large_image_is_judged_by_its_header(file, limits):
    with pytest.raises(TooManyPixels):
        inspect_image(file(rows(24, (60_000, -60_000))), limits)


def test_two_letters_alone_are_no_image(file, limits):
    with pytest.raises(UnsupportedImage):
        inspect_image(file(b"BM is how this text begins, and it goes on for a while"), limits)


@pytest.mark.parametrize(
    ("colours", "primaries", "gamma"),
    [
        (calibrated(P3, (2.2, 2.2, 2.2)), P3, 2.2),
        (calibrated(SRGB_PRIMARIES, (1.8, 1.8, 1.8)), SRGB_PRIMARIES, 1.8),
        (calibrated(P3, (1 / 2.2,) * 3), P3, 2.2),
    ],
)
@pytest.mark.parametrize("header", [108, 124])
def test_calibrated_colours_are_kept_as_a_profile(file, header, colours, primaries, gamma):
    written = write(Case(header, "rgb24"), colours=colours)
    image = decode(file(written.content))
    np.testing.assert_array_equal(image.rgb, np.rint(written.colour * 255))
    expected = build_profile(f"calibrated RGB, gamma {gamma:.3g}", primaries, Curve(gamma))
    assert image.profile is not None
    # Fixed-point numbers in the header are rounded.
    assert len(image.profile) == len(expected)
    assert image.source["profile"] == f"calibrated RGB, gamma {gamma:.3g}"


def test_linear_colours_are_encoded_again(file):
    written = write(Case(108, "rgb24"), colours=calibrated(SRGB_PRIMARIES, (1.0, 1.0, 1.0)))
    image = decode(file(written.content))
    light = written.colour
    encoded = np.where(
        light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055
    )
    assert np.abs(image.rgb - encoded * 255).max() <= 1
    assert image.notes == [Note("profile_converted", {"profile": "calibrated RGB, gamma 1"})]


@pytest.mark.parametrize(
    ("colours", "layout"),
    [
        (calibrated(P3, (2.2, 2.2, 1.8)), "gamma 2.2/2.2/1.8"),
        (calibrated(P3, (0.0, 0.0, 0.0)), "gamma 0/0/0"),
        (calibrated(P3, (9.0, 9.0, 9.0)), "gamma 9/9/9"),
        (struct.pack("<I9i3I", 0, *[1 << 28] * 9, *[144_180] * 3), "tristimulus"),
        (struct.pack("<I", LINKED), "a colour profile in another file"),
    ],
)
def test_colours_that_are_not_known_to_be_right_are_refused(file, limits, colours, layout):
    with pytest.raises(UnsupportedLayout, match=layout):
        inspect_image(file(write(Case(124, "rgb24"), colours=colours).content), limits)


@pytest.mark.parametrize("kind", [SRGB, WINDOWS_COLOURS, 1, 0])
def test_colours_without_numbers_are_srgb(file, kind):
    image = decode(file(write(Case(124, "rgb24"), colours=struct.pack("<I", kind)).content))
    assert (image.profile, image.notes) == (None, [])


def test_an_embedded_profile_is_kept(file, wide_profile):
    start = len(write(Case(124, "rgb24")).content) - 14
    colours = struct.pack("<I48xIIII", EMBEDDED, 4, start, len(wide_profile), 0)
    image = decode(file(write(Case(124, "rgb24"), colours=colours, behind=wide_profile).content))
    assert image.profile == wide_profile


def test_an_embedded_profile_that_is_not_there_is_damaged_but_the_image_is_not(file):
    colours = struct.pack("<I48xIIII", EMBEDDED, 4, 1 << 30, 500, 0)
    image = decode(file(write(Case(124, "rgb24"), colours=colours).content))
    assert image.notes == [Note("profile_damaged")]


def test_the_resolution_is_read(file):
    assert decode(file(write(Case(40, "rgb24")).content)).dpi == pytest.approx((100, 200), abs=0.01)
    assert decode(file(write(Case(12, "rgb24")).content)).dpi is None


def test_files_of_pillow_are_read(file, save):
    pixels = np.rint(scene()[..., :3] * 255).astype(np.uint8)
    for image in (
        Image.fromarray(pixels),
        Image.fromarray(pixels[..., 0]),
        Image.fromarray(pixels).quantize(16),
    ):
        np.testing.assert_array_equal(decode(save("b.bmp", image)).rgb, np.asarray(image.convert("RGB")))


def test_the_fields_of_the_generator_are_within_their_pixels():
    for bits, *masks in FIELDS.values():
        assert all(mask < 1 << bits for mask in masks)

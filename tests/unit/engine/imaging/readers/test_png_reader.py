"""PNG files of every layout, with known samples, and what surrounds them."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from tests.support.png_files import (
    GRAY,
    HEIGHT,
    PALETTE,
    RGB,
    WIDTH,
    PngCase,
    every_case,
    join,
    split,
    write_png,
)
from upscaler.engine.imaging.decode import decode
from upscaler.engine.imaging.formats import PNG
from upscaler.engine.imaging.opening import open_image
from upscaler.engine.notes import Note
from upscaler.errors import DamagedImage, UnsupportedLayout

PLAIN = PngCase(RGB, 8)
P3 = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)


def decoded(tmp_path, content, **options):
    (tmp_path / "a.png").write_bytes(content)
    return decode(tmp_path / "a.png", **options)


def test_every_layout_is_read_right(tmp_path):
    cases = list(every_case())
    for case in cases:
        written = write_png(case)
        (tmp_path / "a.png").write_bytes(written.content)
        with open_image(tmp_path / "a.png", PNG) as opened:
            samples = opened.samples()
            assert opened.has_alpha == (samples.alpha is not None) == (written.alpha is not None), case
        levels = np.iinfo(samples.colour.dtype).max
        assert levels == (65535 if case.depth == 16 else 255)
        # Depths below 8 spread over 0 to 255 without rounding: 255 is a multiple of 1, 3 and 15.
        np.testing.assert_array_equal(samples.colour, written.colour * (levels // written.top), str(case))
        if samples.alpha is not None:
            np.testing.assert_array_equal(samples.alpha, np.rint(written.alpha * levels), str(case))
    print(f"{len(cases)} layouts of PNG read right")  # noqa: T201 - for pytest -rP


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt"])
def test_long_texts_do_not_make_a_file_damaged(tmp_path, kind):
    text = b"prompt\0" + {b"tEXt": b"x" * (3 << 20), b"zTXt": b"\0" + zlib.compress(bytes(8 << 20))}.get(
        kind, b"\1\0\0\0" + zlib.compress(bytes(8 << 20))
    )
    written = write_png(PLAIN, [(kind, text)])
    image = decoded(tmp_path, written.content)
    np.testing.assert_array_equal(image.rgb, written.colour)
    assert image.notes == [Note("metadata_removed", {"names": ["TEXT"]})]


def test_a_large_profile_is_kept(tmp_path, wide_profile):
    # Bytes behind the last tag, as calibration software leaves them.
    profile = (
        struct.pack(">I", len(wide_profile) + (3 << 20))
        + wide_profile[4:]
        + np.random.default_rng(1).bytes(3 << 20)
    )
    written = write_png(PLAIN, [(b"iCCP", b"large\0\0" + zlib.compress(profile))])
    assert decoded(tmp_path, written.content).profile == profile


@pytest.mark.parametrize("kind", [b"tEXt", b"iCCP", b"gAMA", b"pHYs", b"eXIf", b"prVt"])
def test_a_wrong_checksum_of_what_the_pixels_do_not_need_is_passed_over(tmp_path, kind):
    written = write_png(PLAIN, [(kind, struct.pack(">IIB", 30000, 30000, 1))])
    place = written.content.index(kind)
    content = bytearray(written.content)
    content[place + 4] ^= 1
    image = decoded(tmp_path, bytes(content))
    np.testing.assert_array_equal(image.rgb, written.colour)
    assert (image.dpi, image.profile, image.notes) == (None, None, [])


@pytest.mark.parametrize("kind", [b"IHDR", b"PLTE", b"IDAT"])
def test_a_wrong_checksum_of_what_the_pixels_need_is_damage(tmp_path, kind):
    content = bytearray(write_png(PngCase(PALETTE, 8)).content)
    content[content.index(kind) + 6] ^= 1
    with pytest.raises(DamagedImage):
        decoded(tmp_path, bytes(content))


def test_a_file_that_is_cut_off_is_damaged(tmp_path):
    content = write_png(PLAIN).content
    for length in (8, 20, 40, len(content) // 2, len(content) - 20):
        with pytest.raises(DamagedImage):
            decoded(tmp_path, content[:length])


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("left", [b"IDAT", b"IHDR"])
def test_a_file_without_its_pixels_is_damaged(tmp_path, depth, left):
    chunks = [entry for entry in split(write_png(PngCase(RGB, depth)).content) if entry[0] != left]
    with pytest.raises(DamagedImage):
        decoded(tmp_path, join(chunks))


@pytest.mark.parametrize("depth", [8, 16])
def test_too_few_rows_are_damage(tmp_path, depth):
    chunks = split(write_png(PngCase(RGB, depth)).content)
    data = zlib.decompress(b"".join(content for kind, content in chunks if kind == b"IDAT"))
    short = zlib.compress(data[: len(data) // 2])
    with pytest.raises(DamagedImage):
        decoded(tmp_path, join([chunks[0], (b"IDAT", short), (b"IEND", b"")]))


def test_bytes_behind_the_end_are_ignored(tmp_path):
    written = write_png(PLAIN)
    np.testing.assert_array_equal(decoded(tmp_path, written.content + b"trailing" * 100).rgb, written.colour)


def test_transparency_that_its_colour_type_does_not_allow_is_ignored(tmp_path):
    written = write_png(PngCase(6, 8), [(b"tRNS", b"\0\0\0\0\0\0")])
    image = decoded(tmp_path, written.content)
    np.testing.assert_array_equal(image.alpha, np.rint(written.alpha * 255))


def test_a_key_of_the_wrong_length_is_ignored(tmp_path):
    written = write_png(PngCase(GRAY, 8), [(b"tRNS", b"\0")])
    assert decoded(tmp_path, written.content).alpha is None


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize(
    ("chunks", "profile", "notes"),
    [
        ([(b"sRGB", b"\0")], None, []),
        ([(b"sRGB", b"\0"), (b"gAMA", struct.pack(">I", 100_000))], None, []),
        ([(b"gAMA", struct.pack(">I", 45455))], None, []),
        ([(b"cHRM", P3)], None, []),
        ([(b"gAMA", struct.pack(">I", 55556))], "gamma 1.8", []),
        ([(b"gAMA", struct.pack(">I", 45455)), (b"cHRM", P3)], "PNG gamma 2.2", []),
        ([(b"gAMA", struct.pack(">I", 100_000))], "gamma 1", ["profile_converted"]),
        ([(b"cICP", bytes([12, 13, 0, 1])), (b"gAMA", struct.pack(">I", 100_000))], "Display P3", []),
        ([(b"cICP", bytes([1, 13, 0, 1])), (b"gAMA", struct.pack(">I", 100_000))], None, []),
        ([(b"cICP", bytes([1, 8, 0, 1]))], "BT.709, linear", ["profile_converted"]),
        ([(b"cICP", bytes([1, 13, 0]))], None, []),
        ([(b"gAMA", struct.pack(">I", 0))], None, []),
    ],
)
def test_the_description_of_the_highest_rank_counts(tmp_path, depth, chunks, profile, notes):
    image = decoded(tmp_path, write_png(PngCase(RGB, depth), chunks).content)
    assert image.source.get("profile") == profile
    assert (image.profile is not None) == (profile is not None and not notes)
    assert [note.code for note in image.notes] == notes


@pytest.mark.parametrize(
    ("codes", "layout"),
    [
        ((9, 16, 0, 1), "HDR, PQ"),
        ((9, 18, 0, 1), "HDR, HLG"),
        ((3, 13, 0, 1), "code points 3/13"),
        ((1, 11, 0, 1), "code points 1/11"),
        ((1, 13, 1, 1), "matrix 1"),
        ((1, 13, 0, 0), "narrow range"),
    ],
)
def test_colours_that_are_not_known_to_be_shown_right_are_refused(tmp_path, codes, layout):
    with pytest.raises(UnsupportedLayout, match=layout):
        decoded(tmp_path, write_png(PLAIN, [(b"cICP", bytes(codes))]).content)


@pytest.mark.parametrize("text", [b"Raw profile type exif", b"XML:com.adobe.xmp"])
def test_an_orientation_in_a_text_counts_for_nothing_as_in_browsers(tmp_path, text):
    packet = b'<x xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/>'
    exif = Image.Exif()
    exif[0x0112] = 6
    data = exif.tobytes()
    raw = b"\nexif\n%8d\n" % len(data) + data.hex().encode() + b"\n"
    content = {
        b"Raw profile type exif": (b"zTXt", text + b"\0\0" + zlib.compress(raw)),
        b"XML:com.adobe.xmp": (b"iTXt", text + b"\0\0\0\0\0" + packet),
    }[text]
    image = decoded(tmp_path, write_png(PLAIN, [content]).content)
    assert image.source["orientation"] == 1


@pytest.mark.parametrize("after_pixels", [False, True])
def test_the_orientation_of_exif(tmp_path, after_pixels):
    exif = Image.Exif()
    exif[0x0112] = 6
    chunks = split(write_png(PLAIN).content)
    chunks.insert(-1 if after_pixels else 1, (b"eXIf", exif.tobytes()[6:]))
    image = decoded(tmp_path, join(chunks))
    assert image.source["orientation"] == 6
    assert image.rgb.shape[:2] == (WIDTH, HEIGHT)


def test_an_animation_is_counted_and_its_first_image_read(tmp_path):
    written = write_png(PLAIN, [(b"acTL", struct.pack(">II", 5, 0))])
    image = decoded(tmp_path, written.content)
    np.testing.assert_array_equal(image.rgb, written.colour)
    assert image.notes == [Note("frames_dropped", {"count": 5})]


@pytest.mark.parametrize("depth", [8, 16])
def test_a_still_image_apart_is_not_shown_in_place_of_the_animation(tmp_path, depth):
    case = PngCase(RGB, depth)
    image = decoded(tmp_path, animation(case, (WIDTH, HEIGHT, 0, 0)), deep=True)
    np.testing.assert_array_equal(image.rgb, write_png(case).colour)


def test_a_first_image_that_covers_a_part_of_an_animation_is_refused(tmp_path):
    with pytest.raises(UnsupportedLayout, match="part"):
        decoded(tmp_path, animation(PLAIN, (WIDTH, HEIGHT - 1, 0, 1)))


def test_damage_in_the_first_image_of_an_animation(tmp_path):
    content = animation(PLAIN, (WIDTH, HEIGHT, 0, 0))
    at = content.index(b"fdAT") + 20
    with pytest.raises(DamagedImage):
        decoded(tmp_path, content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])


def animation(case: PngCase, place: tuple[int, int, int, int]) -> bytes:
    """Return an animation of the scene, with a black image for readers of still images."""
    chunks = split(write_png(case).content)
    pixels = [data for kind, data in chunks if kind == b"IDAT"]
    bytes_per_row = 1 + 3 * WIDTH * case.depth // 8
    black = (b"IDAT", zlib.compress(bytes(HEIGHT * bytes_per_row)))
    control = (b"fcTL", struct.pack(">5I2H2B", 0, *place, 1, 10, 0, 0))
    frame = [(b"fdAT", struct.pack(">I", number) + data) for number, data in enumerate(pixels, 1)]
    second = [(b"fcTL", control[1]), (b"fdAT", b"\0\0\0\x09" + black[1])]
    return join([chunks[0], (b"acTL", struct.pack(">II", 2, 0)), black, control, *frame, *second, chunks[-1]])

"""WebP files of every kind, with known pixels: right pixels or a clear refusal."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import ExifTags, Image

from tests.support.webp_files import (
    ALPHA,
    ANIMATION,
    EXIF,
    ICC,
    XMP,
    Case,
    bits_of,
    cases,
    frame,
    header,
    join,
    packed,
    scene,
    write,
)
from upscaler.engine.imaging.decode import decode
from upscaler.engine.imaging.inspection import inspect_image
from upscaler.engine.notes import Note
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.pipeline import Engine, upscale_file
from upscaler.engine.tiling.scratch import Scratch
from upscaler.errors import DamagedImage, TooManyPixels, UnsupportedLayout

SIZE = (37, 21)
# Colours at half of the resolution, and rounding.
LOSSY_MEAN, LOSSY_MOST = 2.0, 24


@pytest.fixture
def file(tmp_path):
    def save(content: bytes):
        path = tmp_path / "a.webp"
        path.write_bytes(content)
        return path

    return save


def exif_of(**tags: object) -> bytes:
    exif = Image.Exif()
    for name, value in tags.items():
        exif[getattr(ExifTags.Base, name)] = value
    return exif.tobytes()


def weighted(pixels: np.ndarray) -> np.ndarray:
    return (
        pixels.astype(float)
        * np.concatenate([pixels[..., 3:]] * 3 + [np.full_like(pixels[..., 3:], 255)], -1)
        / 255
    )


def shown(image) -> np.ndarray:
    alpha = np.full(image.rgb.shape[:2], 255, np.uint8) if image.alpha is None else image.alpha
    return np.dstack([image.rgb, alpha])


def test_every_kind_is_read_right(file):
    everything = list(cases())
    for case in everything:
        written = write(case)
        image = decode(file(written.content))
        difference = np.abs(weighted(shown(image)) - weighted(written.shown))
        if case.lossless:
            assert difference.max() == 0, case
        else:
            assert difference.mean() <= LOSSY_MEAN, case
            assert difference.max() <= LOSSY_MOST, case
            assert np.array_equal(shown(image)[..., 3], written.shown[..., 3]), case
        assert (image.alpha is None) == (not case.alpha and case.container != "part of an animation"), case
        frames = [Note("frames_dropped", {"count": 2})] if "animation" in case.container else []
        assert image.notes == frames, case
    print(f"{len(everything)} files, all read")  # noqa: T201 - for pytest -rP
    assert len(everything) == 3 * 5 + 2 * 2 * 5 * 2 + 2 * 2 * 5 * 2 * 2 * 2


@pytest.mark.parametrize("case", [Case(lossless=False), Case(alpha=True, container="part of an animation")])
def test_it_goes_through_the_whole_pipeline(file, tmp_path, lanczos, case):
    written = write(case)
    options = UpscaleOptions("2x", output_format="png")
    upscale_file(
        file(written.content), tmp_path / "b.png", None, options, Engine(lanczos), scratch=Scratch(tmp_path)
    )
    height, width, _ = written.shown.shape
    with Image.open(tmp_path / "b.png") as result:
        assert result.size == (2 * width, 2 * height)
        reduced = np.asarray(result.convert("RGBA").reduce(2))
    assert np.abs(weighted(reduced) - weighted(written.shown)).mean() < 4


@pytest.mark.parametrize("size", [0, 20, 1 << 31])
def test_the_length_that_a_file_names_may_be_wrong(file, size):
    content = write(Case()).content
    content = content[:4] + struct.pack("<I", size) + content[8:]
    np.testing.assert_array_equal(decode(file(content)).rgb, scene(SIZE)[..., :3])


@pytest.mark.parametrize("container", ["simple", "extended", "animation"])
def test_bytes_behind_the_image_are_ignored(file, container):
    content = write(Case(container=container)).content + b"trailing"
    np.testing.assert_array_equal(decode(file(content)).rgb, scene(SIZE)[..., :3])


@pytest.mark.parametrize("container", ["simple", "extended", "animation"])
@pytest.mark.parametrize("lossless", [False, True])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.75])
def test_a_file_that_is_cut_off_is_damaged(file, limits, container, lossless, share):
    content = write(Case(lossless, container=container)).content
    with pytest.raises(DamagedImage):
        inspect_image(file(content[: int(len(content) * share)]), limits)


def test_bits_that_end_early_are_damaged(file, limits):
    for lossless in (False, True):
        ((kind, data),) = bits_of(scene(SIZE)[..., :3], lossless=lossless)
        with pytest.raises(DamagedImage):
            inspect_image(file(join([(kind, data[: len(data) // 2])])), limits)


@pytest.mark.parametrize(
    "chunks",
    [
        [],
        [header(0, SIZE)],
        [header(0, SIZE), (b"ALPH", b"\0")],
        [(b"VP8X", b"short")],
        [(b"VP8L", b"\x2f")],
        [(b"VP8 ", bytes(20))],
        [header(0, (50, 30)), *bits_of(scene(SIZE)[..., :3], lossless=True)],
        [header(ANIMATION, SIZE), (b"ANMF", b"short")],
        [header(ANIMATION, SIZE), frame((20, 20), SIZE, bits_of(scene(SIZE)[..., :3], lossless=True))],
    ],
)
def test_nonsense_is_damaged(file, limits, chunks):
    with pytest.raises(DamagedImage):
        inspect_image(file(join(chunks)), limits)


@pytest.mark.parametrize("lossless", [False, True])
def test_transparency_that_the_header_denies_is_refused(file, limits, lossless):
    bits = bits_of(scene(SIZE), lossless=lossless)
    for content in (
        join([header(0, SIZE), *bits]),
        join([header(ANIMATION, (60, 60)), (b"ANIM", bytes(6)), frame((6, 4), SIZE, bits)]),
    ):
        with pytest.raises(UnsupportedLayout, match="transparency that its header denies"):
            inspect_image(file(content), limits)


def test_opaque_bits_with_room_for_transparency_need_no_flag(file):
    opaque = scene(SIZE)
    opaque[..., 3] = 255
    bits = bits_of(opaque, lossless=True)
    (kind, data) = bits[0]
    bits = [(kind, data[:4] + bytes([data[4] | 0x10]) + data[5:])]
    np.testing.assert_array_equal(decode(file(join([header(0, SIZE), *bits]))).rgb, opaque[..., :3])


def test_a_large_image_is_judged_by_its_header(file, limits):
    with pytest.raises(TooManyPixels):
        inspect_image(file(join([header(0, (16_383, 16_383)), *bits_of(scene(SIZE), lossless=True)])), limits)


@pytest.mark.parametrize("container", ["extended", "animation"])
def test_a_profile_is_kept(file, wide_profile, container):
    content = write(Case(container=container, flags=ICC), before=((b"ICCP", wide_profile),)).content
    assert decode(file(content)).profile == wide_profile


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("has_name", [True, False])
def test_exif_turns_the_image_and_has_its_resolution(file, orientation, has_name):
    exif = exif_of(Orientation=orientation, XResolution=300.0, YResolution=150.0, ResolutionUnit=2)
    exif = exif if has_name else exif.removeprefix(b"Exif\0\0")
    image = decode(file(write(Case(container="extended", flags=EXIF), behind=((b"EXIF", exif),)).content))
    turned = orientation >= 5
    assert image.size == (SIZE[::-1] if turned else SIZE)
    assert image.dpi == pytest.approx((150, 300) if turned else (300, 150))


def test_kinds_of_metadata_are_named(file):
    behind = ((b"EXIF", exif_of(Make="Canon")), (b"XMP ", b"<x/>"))
    image = decode(file(write(Case(container="extended", flags=EXIF | XMP), behind=behind).content))
    assert image.notes == [Note("metadata_removed", {"names": ["EXIF", "XMP"]})]


@pytest.mark.parametrize("exif", [b"", b"II*\0", b"II*\0\xff\xff\xff\xff", b"rubbish"])
def test_odd_metadata_never_damages_an_image(file, exif):
    content = write(Case(container="extended"), behind=((b"EXIF", exif), (b"ICCP", b"rubbish"))).content
    np.testing.assert_array_equal(decode(file(content)).rgb, scene(SIZE)[..., :3])


def test_chunks_of_the_wrong_order_are_found(file):
    content = join([(b"ABCD", b"first"), *bits_of(scene(SIZE)[..., :3], lossless=True)])
    np.testing.assert_array_equal(decode(file(content)).rgb, scene(SIZE)[..., :3])


def test_files_of_libwebp_are_read_as_it_reads_them(save):
    for options in ({"quality": 60}, {"lossless": True}, {"quality": 80, "method": 6}):
        path = save("b.webp", scene((101, 67)), exact=True, **options)
        image = decode(path)
        np.testing.assert_array_equal(shown(image), np.asarray(Image.open(path)))


def test_the_last_byte_of_an_odd_chunk_may_be_missing(file):
    ((kind, data),) = bits_of(scene(SIZE)[..., :3], lossless=True)
    data += bytes(1 - len(data) % 2)
    np.testing.assert_array_equal(decode(file(join([(kind, data)])[:-1])).rgb, scene(SIZE)[..., :3])


def test_the_generator_marks_transparency_in_its_header():
    content = write(Case(alpha=True, container="extended")).content
    assert content[20] == ALPHA
    assert packed([(b"abcd", b"1")])[-1] == 0

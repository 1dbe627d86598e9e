from __future__ import annotations

import io
import struct
import zlib
from dataclasses import replace

import numpy as np
import pillow_heif
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from skimage.data import astronaut

from tests.support import webp_files
from upscaler.engine.imaging.crops import Crop
from upscaler.engine.imaging.inspection import Cutting, InspectionLimits, inspect_image
from upscaler.engine.imaging.opening import ImageInfo
from upscaler.engine.imaging.orientation import ORIENTATION_TAG
from upscaler.errors import (
    DamagedImage,
    EmptyFile,
    SeveralImages,
    TooManyPixels,
    UnsupportedImage,
    UpscalerError,
)


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_that_claims(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    data = png_chunk(b"IDAT", zlib.compress(bytes(100)))
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + data + png_chunk(b"IEND", b"")


def heic(size=(40, 30), depth=8, **options) -> bytes:
    buffer = io.BytesIO()
    mode, levels = ("RGB", np.uint8) if depth == 8 else ("RGB;16", np.uint16)
    pixels = np.zeros((size[1], size[0], 3), levels)
    pillow_heif.from_bytes(mode, size, pixels.tobytes()).save(buffer, **options)
    return buffer.getvalue()


def several(format_name: str) -> bytes:
    buffer = io.BytesIO()
    frames = [Image.new("RGB", (40, 30), (shade, 0, 0)) for shade in (10, 100, 200)]
    frames[0].save(buffer, format_name, save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def encoded(format_name: str, size=(40, 30), mode="RGB", **options) -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), np.uint8)
    Image.fromarray(noise).convert(mode).save(buffer, format_name, **options)
    return buffer.getvalue()


@pytest.fixture
def file(tmp_path):
    def write(content: bytes):
        path = tmp_path / "upload"
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "tiff", "avif", "bmp"])
def test_it_describes_a_good_image(file, limits, kind):
    info = inspect_image(file(encoded(kind)), limits, f"holiday.{kind}")
    # Pillow's default.
    quality = 75 if kind == "jpeg" else None
    assert info == ImageInfo(
        kind, f"image/{kind}", 40, 30, "RGB", has_alpha=False, frames=1, bit_depth=8, jpeg_quality=quality
    )


def test_a_piece_of_what_was_jpeg_once_comes_with_the_quality(limits, tmp_path):
    image = Image.fromarray(astronaut())
    image.save(tmp_path / "a.jpg", quality=60)
    Image.open(tmp_path / "a.jpg").save(tmp_path / "a.png")
    info = inspect_image(
        tmp_path / "a.png", limits, cutting=Cutting(Crop(width=30, height=30), tmp_path / "b.png")
    )
    assert info.jpeg_quality == pytest.approx(60, abs=2)
    assert inspect_image(tmp_path / "a.png", limits).jpeg_quality is None


def test_it_describes_gif_and_heic(file, limits):
    info = inspect_image(file(encoded("gif", mode="P")), limits, "a.gif")
    assert (info.format, info.width, info.height, info.frames) == ("gif", 40, 30, 1)
    info = inspect_image(file(heic()), limits, "IMG_1.HEIC")
    assert info == ImageInfo("heic", "image/heic", 40, 30, "RGB", has_alpha=False, frames=1, bit_depth=8)


@pytest.mark.parametrize("kind", ["gif", "png", "webp", "tiff", "avif"])
def test_animations_and_pages_are_counted_and_refused_where_they_are_not_wanted(file, limits, kind):
    path = file(several(kind))
    assert inspect_image(path, limits).frames == 3
    with pytest.raises(SeveralImages, match="3 images"):
        inspect_image(path, replace(limits, series=False))


def test_a_camera_file_with_a_second_image_is_no_series(file, limits):
    content = several("mpo")
    assert inspect_image(file(content), replace(limits, series=False)).format == "jpeg"


@pytest.mark.parametrize("kind", ["avif", "gif", "bmp", "heic"])
def test_a_file_that_breaks_off_is_damaged(file, limits, kind):
    content = (
        heic((200, 100)) if kind == "heic" else encoded(kind, (200, 100), "P" if kind == "gif" else "RGB")
    )
    with pytest.raises(DamagedImage):
        inspect_image(file(content[: len(content) // 2]), limits)


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "tiff", "avif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_reports_the_size_as_seen(file, limits, kind, orientation):
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    info = inspect_image(file(encoded(kind, exif=exif)), limits)
    assert (info.width, info.height) == ((30, 40) if orientation >= 5 else (40, 30))


@pytest.mark.parametrize(
    ("mode", "kind", "bit_depth", "has_alpha"),
    [("1", "png", 1, False), ("L", "tiff", 8, False), ("LA", "png", 8, True), ("RGBA", "tiff", 8, True)],
)
def test_it_reports_depth_and_transparency(file, limits, mode, kind, bit_depth, has_alpha):
    info = inspect_image(file(encoded(kind, mode=mode)), limits)
    assert (info.bit_depth, info.has_alpha) == (bit_depth, has_alpha)


def test_it_sees_16_bits_and_transparent_palette_entries(limits, save):
    deep = save("deep.png", Image.fromarray(np.full((4, 4), 40_000, np.uint16)))
    palette = save("palette.png", Image.new("P", (4, 4)), transparency=0)
    assert inspect_image(deep, limits).bit_depth == 16
    assert inspect_image(palette, limits).has_alpha


def test_it_counts_frames(limits, save):
    others = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    assert (
        inspect_image(
            save("a.webp", Image.new("RGB", (8, 8)), save_all=True, append_images=others), limits
        ).frames
        == 3
    )


def test_it_takes_a_file_of_several_jpeg_images_for_a_jpeg(file, limits):
    content = encoded("mpo", save_all=True, append_images=[Image.new("RGB", (40, 30))])
    info = inspect_image(file(content), limits, "stereo.jpg")
    assert (info.format, info.frames) == ("jpeg", 2)


def test_it_rejects_an_empty_file(file, limits):
    with pytest.raises(EmptyFile):
        inspect_image(file(b""), limits)


@pytest.mark.parametrize(
    "content",
    [
        b"hello, this is text",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%!PS-Adobe-3.0 EPSF",
    ],
)
def test_it_rejects_what_is_not_one_of_the_kinds(file, limits, content):
    with pytest.raises(UnsupportedImage, match="JPEG, PNG, WebP, TIFF, AVIF, HEIC, GIF, BMP"):
        inspect_image(file(content), limits)


def test_it_rejects_a_script_that_hides_an_image_behind_its_first_line(file, limits):
    with pytest.raises(UnsupportedImage):
        inspect_image(file(b"<script>alert(1)</script>\n" + encoded("png")), limits)


def test_it_rejects_a_kind_that_the_operator_does_not_allow(file):
    only_png = InspectionLimits(("image/png",), 8000, 25_000_000)
    with pytest.raises(UnsupportedImage, match=r"Use one of: PNG\."):
        inspect_image(file(encoded("tiff")), only_png)


@pytest.mark.parametrize(
    "name", ["a.jpg", "a.JPEG", "a.png", "a.jpg.exe", "Mr. Smith", "scan v1.2", "a", "", "a.", "a.dng", None]
)
def test_a_name_says_nothing_about_the_content(file, limits, name):
    assert inspect_image(file(encoded("jpeg")), limits, name).format == "jpeg"


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "tiff"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_it_rejects_a_truncated_image(file, limits, kind, share):
    content = encoded(kind, size=(120, 90))
    with pytest.raises(DamagedImage):
        inspect_image(file(content[: int(len(content) * share)]), limits)


@pytest.mark.parametrize(
    "size", [(60_000, 60_000), (8001, 1), (1, 8001), (5001, 5000), (2**31 - 1, 2**31 - 1)]
)
def test_it_judges_a_bomb_by_its_header(file, limits, size):
    with pytest.raises(TooManyPixels) as caught:
        inspect_image(file(png_that_claims(*size)), limits)
    assert (caught.value.values["width"], caught.value.values["height"]) == size


def test_it_finds_out_that_a_header_promised_more_than_there_is(file, limits):
    with pytest.raises(DamagedImage):
        inspect_image(file(png_that_claims(5000, 5000)), limits)


def test_it_judges_a_webp_bomb_before_its_canvas_is_reserved(file, limits):
    bits = webp_files.bits_of(webp_files.scene((8, 8)), lossless=True)
    with pytest.raises(TooManyPixels):
        inspect_image(file(webp_files.join([webp_files.header(0, (16_383, 16_383)), *bits])), limits)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(["jpeg", "png", "webp", "tiff"]),
    changes=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=12),
    cut=st.integers(12, 3000),
)
def test_whatever_bytes_come_it_answers_with_facts_or_one_of_our_errors(file, limits, kind, changes, cut):
    content = bytearray(encoded(kind, size=(24, 18)))
    for position, value in changes:
        content[position % len(content)] = value
    try:
        assert isinstance(inspect_image(file(bytes(content[:cut])), limits), ImageInfo)
    except UpscalerError as error:
        assert error.status in (400, 415, 422)  # noqa: PT017 - either outcome is right; this one has a status

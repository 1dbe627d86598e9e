from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import ExifTags, Image
from pillow_heif import from_pillow

from upscaler.engine.imaging import formats
from upscaler.engine.imaging.decode import decode
from upscaler.engine.imaging.encode import ResultWriter
from upscaler.engine.imaging.inspection import inspect_image
from upscaler.engine.imaging.opening import describe, open_image, read_head
from upscaler.engine.imaging.png import Tags
from upscaler.errors import FormatTooSmall

WRITABLE = [kind for kind in formats.FORMATS if kind.writable]
readable = pytest.mark.parametrize("kind", formats.FORMATS, ids=lambda kind: kind.name)
writable = pytest.mark.parametrize("kind", WRITABLE, ids=lambda kind: kind.name)


def encoded(kind):
    """Return a file of another program, 64 x 48 pixels of one colour."""
    buffer = io.BytesIO()
    image = Image.new("RGB", (64, 48), (200, 100, 50))
    if kind is formats.HEIC:
        from_pillow(image).save(buffer)
    else:
        image.save(buffer, kind.name)
    return buffer.getvalue()


def write(path, kind, pixels, tags=None, **more):
    height, width, channels = pixels.shape
    writer = ResultWriter(path, kind, (width, height), (channels, pixels.dtype), tags or Tags(), **more)
    writer.write(pixels)
    writer.close()
    return path


def depth_of(path, kind):
    with open_image(path, kind) as image:
        return describe(image, kind).bit_depth


@readable
def test_a_file_is_known_by_its_first_bytes(kind):
    assert formats.format_of_content(encoded(kind)[:64]) is kind


@readable
def test_no_other_format_takes_the_file_for_its_own(kind):
    head = encoded(kind)[:64]
    assert [other.name for other in formats.FORMATS if other.matches(head)] == [kind.name]


@readable
def test_a_row_is_found_by_its_name_its_media_type_and_each_extension(kind):
    assert formats.format_named(kind.name) is kind
    assert formats.format_for_mime(kind.mime_type) is kind
    assert {formats.format_for_extension(ending.upper()) for ending in kind.extensions} == {kind}


@readable
def test_a_file_is_inspected_and_decoded(tmp_path, limits, kind):
    path = tmp_path / "a"
    path.write_bytes(encoded(kind))
    info = inspect_image(path, limits, f"a.{kind.extensions[0]}")
    assert (info.format, info.mime_type, info.width, info.height) == (kind.name, kind.mime_type, 64, 48)
    assert info.bit_depth == 8
    assert np.abs(decode(path).rgb.astype(int) - (200, 100, 50)).max() <= 4


@writable
def test_a_written_file_is_of_its_format_and_holds_the_image(tmp_path, colours, kind):
    pixels = colours(64, 48)
    path = write(tmp_path / f"a.{kind.extensions[0]}", kind, pixels)
    assert formats.format_of_content(read_head(path)) is kind
    with Image.open(path) as image:
        assert image.get_format_mimetype() == kind.mime_type
    difference = np.abs(decode(path).rgb.astype(int) - pixels)
    assert difference.max() <= (0 if kind.default_quality is None else 12)


@writable
def test_the_longest_side_can_be_written(tmp_path, kind):
    pixels = np.full((1, kind.max_side, 3), 90, np.uint8)
    path = write(tmp_path / "a", kind, pixels)
    with open_image(path, kind) as image:
        assert image.size == (kind.max_side, 1)


@writable
def test_a_format_with_a_quality_takes_the_whole_range(tmp_path, colours, kind):
    if kind.default_quality is None:
        pixels = colours(32, 32)
        files = [write(tmp_path / str(quality), kind, pixels, quality=quality) for quality in (1, 100)]
        assert files[0].read_bytes() == files[1].read_bytes()
        return
    noise = np.random.default_rng(5).integers(0, 256, (64, 64, 3), np.uint8)
    sizes = [
        write(tmp_path / "a", kind, noise, quality=quality).stat().st_size
        for quality in (1, kind.default_quality, 100)
    ]
    assert sizes == sorted(set(sizes))


@writable
def test_it_has_transparency_only_where_the_row_says_so(tmp_path, kind):
    pixels = np.full((16, 16, 4), 90, np.uint8)
    path = write(tmp_path / "a", kind, pixels)
    assert (decode(path).alpha is not None) == kind.has_alpha


@writable
def test_it_has_16_bits_only_where_the_row_says_so(tmp_path, kind):
    pixels = np.full((16, 16, 3), 40_001, np.uint16)
    assert (depth_of(write(tmp_path / "a", kind, pixels), kind) == 16) == kind.deep


@writable
def test_it_has_exif_data_and_a_resolution_only_where_the_row_says_so(tmp_path, kind):
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Canon"
    tags = Tags(None, (300.0, 300.0), exif.tobytes().removeprefix(b"Exif\0\0"))
    with Image.open(write(tmp_path / "a", kind, np.zeros((8, 8, 3), np.uint8), tags)) as image:
        image.load()
        assert (image.getexif().get(ExifTags.Base.Make) == "Canon") == kind.has_exif
        assert ("dpi" in image.info) == kind.has_resolution


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"GIF88a\x01\x00\x01\x00",
        b"BM is how this text begins",
        b"RIFF\x00\x00\x00\x00WAVE",
        b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom",
        b"\x00\x00\x00\x10ftypisom\x00\x00\x00\x00avifheic",
        b"%PDF-1.7 \x89PNG",
        b"<svg xmlns=",
        b"II*",
    ],
)
def test_it_takes_nothing_else_for_an_image(head):
    assert formats.format_of_content(head) is None


@pytest.mark.parametrize(("brand", "kind"), [(b"avif", formats.AVIF), (b"heic", formats.HEIC)])
def test_a_brand_may_stand_behind_a_general_one(brand, kind):
    assert (
        formats.format_of_content(b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1" + brand + b"miaf") is kind
    )


def test_it_finds_a_kind_by_its_media_type_and_by_an_extension():
    assert formats.format_for_mime("image/webp") is formats.WEBP
    assert formats.extensions_of("image/jpeg") == ("jpg", "jpeg", "jpe", "jfif", "jif", "jfi", "mpo")
    assert formats.format_for_extension("HEIC") is formats.HEIC
    assert formats.format_for_extension("exe") is None
    with pytest.raises(KeyError):
        formats.format_for_mime("image/svg+xml")


@pytest.mark.parametrize(
    ("kind", "width", "height", "instead"),
    [
        (formats.WEBP, 10, 16384, "JPEG, PNG, TIFF, AVIF"),
        (formats.JPEG, 65501, 10, "PNG, TIFF"),
        (formats.AVIF, 8001, 8000, "JPEG, PNG, WebP, TIFF"),
        (formats.AVIF, 16385, 10, "JPEG, PNG, TIFF"),
    ],
)
def test_it_says_what_to_choose_where_a_kind_is_too_small(kind, width, height, instead):
    with pytest.raises(FormatTooSmall) as refusal:
        formats.check_result_size(width, height, kind)
    assert refusal.value.values["choices"] == instead


def test_what_just_fits_is_fine():
    formats.check_result_size(16383, 10, formats.WEBP)
    formats.check_result_size(8000, 8000, formats.AVIF)
    formats.check_result_size(65501, 10, formats.PNG)

from __future__ import annotations

import io

import pytest
from PIL import Image
from pillow_heif import from_pillow

from upscaler.engine.imaging import formats
from upscaler.errors import FormatTooSmall


def written(kind):
    buffer = io.BytesIO()
    image = Image.new("RGB", (64, 64))
    if kind is formats.HEIC:
        from_pillow(image).save(buffer)
    else:
        image.save(buffer, kind.name)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", formats.FORMATS, ids=lambda kind: kind.name)
def test_it_knows_a_written_image_by_its_first_bytes(kind):
    assert formats.format_of_content(written(kind)[:64]) is kind


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


def test_each_name_type_and_extension_belongs_to_one_kind_only():
    for values in (
        [kind.name for kind in formats.FORMATS],
        [kind.mime_type for kind in formats.FORMATS],
        [extension for kind in formats.FORMATS for extension in kind.extensions],
    ):
        assert len(values) == len(set(values))


def test_it_finds_a_kind_by_its_media_type_and_by_an_extension():
    assert formats.format_for_mime("image/webp") is formats.WEBP
    assert formats.extensions_of("image/jpeg") == ("jpg", "jpeg", "jpe", "jfif")
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

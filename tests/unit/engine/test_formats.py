from __future__ import annotations

import io

import pytest
from PIL import Image

from upscaler.engine import formats


@pytest.mark.parametrize("kind", formats.FORMATS, ids=lambda kind: kind.name)
def test_it_knows_a_written_picture_by_its_first_bytes(kind):
    buffer = io.BytesIO()
    Image.new("RGB", (3, 2)).save(buffer, kind.name)
    assert formats.format_of_content(buffer.getvalue()[:12]) is kind


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"GIF89a\x01\x00\x01\x00",
        b"RIFF\x00\x00\x00\x00WAVE",
        b"%PDF-1.7 \x89PNG",
        b"<svg xmlns=",
        b"II*",
    ],
)
def test_it_takes_nothing_else_for_a_picture(head):
    assert formats.format_of_content(head) is None


def test_each_name_type_and_extension_belongs_to_one_kind_only():
    for values in (
        [kind.name for kind in formats.FORMATS],
        [kind.mime_type for kind in formats.FORMATS],
        [extension for kind in formats.FORMATS for extension in kind.extensions],
    ):
        assert len(values) == len(set(values))


def test_it_finds_a_kind_by_its_media_type():
    assert formats.format_for_mime("image/webp") is formats.WEBP
    assert formats.extensions_of("image/jpeg") == ("jpg", "jpeg", "jpe", "jfif")
    with pytest.raises(KeyError):
        formats.format_for_mime("image/gif")

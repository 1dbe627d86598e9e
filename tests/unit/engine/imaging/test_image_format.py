from __future__ import annotations

from dataclasses import replace

import pytest

from upscaler.engine.imaging.formats import FORMATS, GIF, JPEG, PNG, WEBP
from upscaler.engine.imaging.image_format import ImageFormat, Reader, Writer, checked

WHOLE = ImageFormat(
    name="new",
    label="New",
    mime_type="image/new",
    extensions=("new",),
    reader=Reader("PIL.BmpImagePlugin:BmpImageFile"),
    shown_in_browsers=False,
    signatures=(((0, b"NEW!"),),),
    writer=Writer("webpsave"),
    max_side=100,
    default_quality=80,
)


def test_a_whole_row_is_one_more_format():
    assert checked((*FORMATS, WHOLE))[-1] is WHOLE
    assert WHOLE.writable
    assert WHOLE.matches(b"NEW! and more")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"writer": None}, "it has properties of a written file but no writer"),
        ({"writer": Writer()}, "only PNG is written without libvips"),
        ({"max_side": 0}, "a written file needs max_side"),
        ({"default_quality": 0}, "default_quality 0 is not between 1 and 100"),
        ({"default_quality": 101}, "default_quality 101 is not between 1 and 100"),
        ({"extensions": ()}, "at least one"),
        ({"extensions": (".new",)}, "without a dot"),
        ({"extensions": ("NEW",)}, "lower-case"),
        ({"signatures": ()}, "a signature or a brand"),
        ({"signatures": (((62, b"NEW!"),),)}, "within the first 64 bytes"),
        ({"signatures": (), "brands": (b"toolong",)}, "a brand has 4 bytes"),
    ],
)
def test_a_row_that_is_not_whole_fails_at_the_start_with_one_line(changes, problem):
    with pytest.raises(ValueError, match=problem) as refusal:
        checked((PNG, replace(WHOLE, **changes)))
    assert str(refusal.value).startswith("image format 'new': ")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"name": "png"}, "the name 'png'"),
        ({"mime_type": "image/png"}, "the media type 'image/png'"),
        ({"extensions": ("new", "png")}, "the extension 'png'"),
        ({"signatures": PNG.signatures}, "the signature"),
        ({"brands": (b"avif",)}, "the brand b'avif'"),
    ],
)
def test_two_rows_never_claim_the_same(changes, problem):
    with pytest.raises(ValueError, match=problem):
        checked((*FORMATS, replace(WHOLE, **changes)))


def test_all_pairs_of_a_signature_must_be_there():
    assert WEBP.matches(b"RIFF\0\0\0\0WEBP")
    assert not WEBP.matches(b"RIFF\0\0\0\0WAVE")
    assert GIF.matches(b"GIF87a")
    assert GIF.matches(b"GIF89a")


def test_sides_and_pixels_bound_a_written_file():
    bounded = replace(JPEG, max_side=10, max_pixels=50)
    assert bounded.holds(10, 5)
    assert not bounded.holds(11, 1)
    assert not bounded.holds(10, 6)

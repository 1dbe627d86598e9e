from __future__ import annotations

from PIL import Image

from upscaler.engine.imaging import profiles


def test_it_reads_what_a_profile_says_of_itself(wide_profile, gray_profile, cmyk_profile):
    spaces = [
        profiles.colour_space(profiles.read_profile(icc))
        for icc in (wide_profile, gray_profile, cmyk_profile)
    ]
    assert spaces == ["RGB", "GRAY", "CMYK"]
    assert profiles.name_of(profiles.read_profile(gray_profile)) == "Test profile"


def test_a_missing_or_broken_profile_is_none():
    assert [profiles.read_profile(icc) for icc in (None, b"", b"x", bytes(200))] == [None] * 4


def test_black_and_white_stay_black_and_white(gray_profile):
    image = Image.new("L", (2, 1))
    image.putpixel((1, 0), 255)
    converted = profiles.to_srgb(image, profiles.read_profile(gray_profile))
    assert (converted.getpixel((0, 0)), converted.getpixel((1, 0))) == ((0, 0, 0), (255, 255, 255))

"""Colours of samples: what is kept with its profile, what is converted, and by what."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from upscaler.engine.imaging import cicp
from upscaler.engine.imaging.colour import to_rgb_or_gray
from upscaler.engine.imaging.icc_profile import SRGB_CURVE, SRGB_PRIMARIES, Curve, build_profile
from upscaler.engine.imaging.readers.base import ColourTag
from upscaler.engine.imaging.samples import Samples
from upscaler.engine.notes import Note

RAMP = np.arange(256, dtype=np.uint8).reshape(1, 256, 1)
DEEP_RAMP = np.arange(0, 65536, 13, dtype=np.uint16).reshape(1, -1, 1)
RGB = np.random.default_rng(2).integers(0, 256, (9, 11, 3), np.uint8)
D50 = bytes.fromhex("0000f6d6000100000000d32d")
TONED = build_profile("gamma 1.8", SRGB_PRIMARIES, Curve(1.8))


def gray_profile(gamma: float) -> bytes:
    """Return an ICC profile of version 2 for gray: a white point and one exponent."""
    header = bytearray(128)
    tags = {
        b"desc": b"desc\0\0\0\0\0\0\0\x05gray\0" + bytes(78),
        b"wtpt": b"XYZ \0\0\0\0" + D50,
        b"kTRC": b"curv\0\0\0\0\0\0\0\x01" + round(gamma * 256).to_bytes(2, "big") + b"\0\0",
    }
    table, body = len(tags).to_bytes(4, "big"), b""
    for name, data in tags.items():
        start = 132 + 12 * len(tags) + len(body)
        table += name + start.to_bytes(4, "big") + len(data).to_bytes(4, "big")
        body += data + bytes(-len(data) % 4)
    header[0:4] = (132 + 12 * len(tags) + len(body)).to_bytes(4, "big")
    header[8:12], header[12:24], header[36:40] = b"\x02\x40\0\0", b"mntrGRAYXYZ ", b"acsp"
    header[68:80] = D50
    return bytes(header) + table + body


def shown(gamma: float, values: np.ndarray) -> np.ndarray:
    """Return the fractions in sRGB of fractions with an exponent."""
    return SRGB_CURVE.from_linear(values.astype(float) ** gamma)


def test_rgb_keeps_its_values_and_its_profile():
    samples = Samples(RGB, "rgb")
    colours = to_rgb_or_gray(samples, ColourTag(TONED))
    assert colours.levels is RGB
    assert (colours.profile, colours.name, samples.notes) == (TONED, "gamma 1.8", [])


@pytest.mark.parametrize("profile", [TONED, gray_profile(1.8)], ids=["rgb", "gray"])
@pytest.mark.parametrize("ramp", [RAMP, DEEP_RAMP], ids=["8", "16"])
def test_gray_gets_the_tones_of_its_profile(ramp, profile):
    samples = Samples(ramp, "gray")
    colours = to_rgb_or_gray(samples, ColourTag(profile))
    white = np.iinfo(ramp.dtype).max
    assert (colours.levels.dtype, colours.profile) == (ramp.dtype, None)
    expected = shown(1.8, ramp / white)
    # Black point compensation and 256 points of the curve: within one 8-bit level, in the darkest tones three.
    difference = np.abs(colours.levels / white - expected)
    assert difference[ramp / white > 0.1].max() <= 1.1 / 255
    assert difference.max() <= 3 / 255
    assert [note.code for note in samples.notes] == ["profile_converted"]


def test_cmyk_is_converted_by_its_profile_or_roughly_without_one():
    inks = np.zeros((2, 2, 4), np.uint8)
    inks[0, 0] = (0, 0, 0, 255)
    samples = Samples(inks, "cmyk")
    rough = to_rgb_or_gray(samples, ColourTag())
    assert rough.levels.tolist() == [[[0, 0, 0], [255, 255, 255]], [[255, 255, 255], [255, 255, 255]]]
    assert samples.notes == [Note("cmyk_converted")]


def test_a_profile_of_other_channels_is_left_out():
    samples = Samples(np.zeros((2, 2, 4), np.uint8), "cmyk")
    to_rgb_or_gray(samples, ColourTag(TONED))
    assert [note.code for note in samples.notes] == ["profile_unsuitable", "cmyk_converted"]
    samples = Samples(RGB, "rgb")
    assert to_rgb_or_gray(samples, ColourTag(gray_profile(1.8))).levels is RGB
    assert [note.code for note in samples.notes] == ["profile_unsuitable"]


@pytest.mark.parametrize("icc", [b"", b"no profile", TONED[:100]])
def test_a_damaged_profile_is_noted(icc):
    samples = Samples(RGB, "rgb")
    colours = to_rgb_or_gray(samples, ColourTag(icc))
    assert (colours.levels is RGB, colours.profile, samples.notes) == (True, None, [Note("profile_damaged")])


@pytest.mark.parametrize("levels", [np.uint8, np.uint16])
def test_lab_is_converted_with_8_bits(levels):
    white = np.iinfo(levels).max
    lab = np.array([[[white, white // 2 + 1, white // 2 + 1], [0, white // 2 + 1, white // 2 + 1]]], levels)
    samples = Samples(lab, "lab")
    colours = to_rgb_or_gray(samples, ColourTag())
    assert colours.levels.dtype == np.uint8
    assert np.abs(colours.levels[0].astype(int) - [[255] * 3, [0] * 3]).max() <= 1
    assert samples.notes == [Note("lab_converted")]


def test_srgb_by_numbers_changes_nothing():
    samples = Samples(RGB, "rgb")
    colours = to_rgb_or_gray(samples, ColourTag(encoding=cicp.of_codes(1, 13, video_as_srgb=True)))
    assert (colours.levels is RGB, colours.profile, samples.notes) == (True, None, [])


def test_wide_colours_by_numbers_get_a_profile():
    samples = Samples(RGB, "rgb")
    colours = to_rgb_or_gray(samples, ColourTag(encoding=cicp.of_codes(12, 13, video_as_srgb=True)))
    assert (colours.levels is RGB, colours.name, samples.notes) == (True, "Display P3", [])
    assert (
        ImageCms.ImageCmsProfile(io.BytesIO(colours.profile or b"")).profile.profile_description
        == "Display P3"
    )


@pytest.mark.parametrize("ramp", [RAMP, DEEP_RAMP], ids=["8", "16"])
@pytest.mark.parametrize("space", ["gray", "rgb"])
def test_light_is_encoded_as_srgb(ramp, space):
    samples = Samples(np.repeat(ramp, 3, axis=2) if space == "rgb" else ramp, space)
    colours = to_rgb_or_gray(samples, ColourTag(encoding=cicp.of_gamma(1.0, None)))
    white = np.iinfo(ramp.dtype).max
    assert np.abs(colours.levels[..., :1] / white - shown(1.0, ramp / white)).max() <= 0.51 / white
    assert (colours.profile, samples.notes) == (None, [Note("profile_converted", {"profile": "gamma 1"})])


def test_light_of_wide_primaries_is_encoded_and_tagged():
    samples = Samples(RGB, "rgb")
    colours = to_rgb_or_gray(samples, ColourTag(encoding=cicp.of_codes(12, 8, video_as_srgb=True)))
    profile = ImageCms.ImageCmsProfile(io.BytesIO(colours.profile or b""))
    back = ImageCms.profileToProfile(Image.fromarray(colours.levels), profile, ImageCms.createProfile("sRGB"))
    light = build_profile("light", cicp.of_codes(12, 8, video_as_srgb=True).primaries, Curve(1.0))
    truth = ImageCms.profileToProfile(
        Image.fromarray(RGB), ImageCms.ImageCmsProfile(io.BytesIO(light)), ImageCms.createProfile("sRGB")
    )
    assert np.abs(np.asarray(back).astype(int) - np.asarray(truth)).mean() < 1

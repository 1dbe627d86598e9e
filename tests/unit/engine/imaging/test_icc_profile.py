"""Profiles made of numbers, checked by Little CMS."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from upscaler.engine.imaging.icc_profile import SRGB_CURVE, SRGB_PRIMARIES, Curve, Primaries, build_profile

ADOBE = Primaries((0.3127, 0.329), (0.64, 0.33), (0.21, 0.71), (0.15, 0.06))


def opened(profile: bytes) -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(io.BytesIO(profile))


def test_that_of_srgb_changes_nothing():
    ramp = np.stack(np.meshgrid(*[np.arange(0, 256, 15, dtype=np.uint8)] * 3), -1).reshape(-1, 18, 3)
    image = Image.fromarray(ramp)
    profile = opened(build_profile("mine", SRGB_PRIMARIES, SRGB_CURVE))
    shown = ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"))
    assert np.abs(np.asarray(shown).astype(int) - ramp).max() <= 1


@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.2, 2.8])
def test_the_curve_is_that_of_the_exponent(gamma):
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[np.newaxis, :, np.newaxis], 3, axis=2)
    profile = opened(build_profile("curve", SRGB_PRIMARIES, Curve(gamma)))
    shown = np.asarray(
        ImageCms.profileToProfile(Image.fromarray(ramp), profile, ImageCms.createProfile("sRGB"))
    )
    expected = np.rint(SRGB_CURVE.from_linear((np.arange(256) / 255) ** gamma) * 255)
    assert np.abs(shown[0, :, 1] - expected).max() <= 1


def test_primaries_are_those_of_the_numbers():
    # Pure Adobe green lies outside of sRGB; a mix of it with white does not: by the matrices of both spaces.
    light = np.array([0.5, 0.55, 0.5])
    image = Image.fromarray(np.rint(light ** (1 / 2.2) * 255).astype(np.uint8).reshape(1, 1, 3))
    shown = ImageCms.profileToProfile(
        image, opened(build_profile("Adobe", ADOBE, Curve(2.2))), ImageCms.createProfile("sRGB")
    )
    linear = np.linalg.inv(SRGB_PRIMARIES.to_d50()) @ ADOBE.to_d50() @ light
    assert np.abs(np.asarray(shown)[0, 0] - SRGB_CURVE.from_linear(linear) * 255).max() < 1.5


def test_it_has_its_name_and_is_the_same_each_time():
    first, second = (build_profile("BT.2020", ADOBE, SRGB_CURVE) for _ in range(2))
    assert first == second
    assert opened(first).profile.profile_description == "BT.2020"
    assert len(first) < 700


@pytest.mark.parametrize(
    "primaries",
    [
        Primaries((0.3, 0.3), (0.1, 0.1), (0.2, 0.2), (0.3, 0.3)),
        Primaries((0.3127, 0.329), (0.64, 0.33), (0.3, 0.6), (0.15, 0.0)),
        Primaries((0.3127, 0.0), (0.64, 0.33), (0.3, 0.6), (0.15, 0.06)),
    ],
)
def test_primaries_without_a_triangle_are_an_error(primaries):
    with pytest.raises(ValueError, match=r"primaries|chromaticity"):
        build_profile("x", primaries, SRGB_CURVE)


@pytest.mark.parametrize("curve", [SRGB_CURVE, Curve(2.2), Curve(1.0)])
def test_a_curve_can_be_undone(curve):
    values = np.linspace(0, 1, 101)
    np.testing.assert_allclose(curve.from_linear(curve.to_linear(values)), values, atol=1e-4)

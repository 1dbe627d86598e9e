"""Colours by code points and by PNG's numbers."""

from __future__ import annotations

import pytest

from upscaler.engine.imaging import cicp
from upscaler.engine.imaging.icc_profile import SRGB_CURVE, SRGB_PRIMARIES, Curve


@pytest.mark.parametrize("codes", [(1, 13), (2, 2), (1, 2), (2, 13)])
def test_srgb_needs_no_words(codes):
    assert cicp.of_codes(*codes, video_as_srgb=False).is_srgb


@pytest.mark.parametrize("transfer", [1, 6, 14, 15])
def test_curves_of_video_depend_on_the_format(transfer):
    assert cicp.of_codes(1, transfer, video_as_srgb=True).is_srgb
    assert cicp.of_codes(1, transfer, video_as_srgb=False).curve == Curve(2.4)


@pytest.mark.parametrize(("codes", "name"), [((12, 13), "Display P3"), ((9, 4), "BT.2020, gamma 2.2")])
def test_it_has_a_name(codes, name):
    encoding = cicp.of_codes(*codes, video_as_srgb=True)
    assert (encoding.name, encoding.is_srgb) == (name, False)


@pytest.mark.parametrize(
    "codes", [(9, 16), (9, 18), (1, 16), (3, 13), (0, 13), (1, 3), (1, 255), (255, 13), (1, 17)]
)
def test_hdr_and_unknown_code_points_are_errors(codes):
    with pytest.raises(cicp.UnknownColoursError, match=r"HDR|code points"):
        cicp.of_codes(*codes, video_as_srgb=True)


@pytest.mark.parametrize(
    ("exponent", "is_srgb"), [(0.45455, True), (0.4545, True), (0.55556, False), (1.0, False)]
)
def test_an_exponent_alone(exponent, is_srgb):
    assert cicp.of_gamma(exponent, None).is_srgb == is_srgb


def test_an_exponent_with_primaries_is_taken_as_it_is():
    encoding = cicp.of_gamma(0.45455, SRGB_PRIMARIES)
    assert not encoding.is_srgb
    assert encoding.curve.gamma == pytest.approx(2.2, abs=0.001)


@pytest.mark.parametrize(("gamma", "is_linear"), [(1.0, True), (1.5, True), (1.8, False), (2.4, False)])
def test_values_near_to_light_are_known(gamma, is_linear):
    assert cicp.Encoding("x", SRGB_PRIMARIES, Curve(gamma)).is_linear == is_linear
    assert not cicp.Encoding("x", SRGB_PRIMARIES, SRGB_CURVE).is_linear

"""Colours by code points for coding-independent signal types (CICP, Rec. ITU-T H.273), and by PNG's own numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from upscaler.engine.imaging.icc_profile import SRGB_CURVE, SRGB_PRIMARIES, Curve, Primaries

_D65, _C = (0.3127, 0.329), (0.31, 0.316)
# H.273, table 2: number, name, chromaticities.
_PRIMARIES: Mapping[int, tuple[str, Primaries]] = {
    1: ("BT.709", SRGB_PRIMARIES),
    2: ("BT.709", SRGB_PRIMARIES),  # unspecified
    4: ("BT.470 M", Primaries(_C, (0.67, 0.33), (0.21, 0.71), (0.14, 0.08))),
    5: ("BT.470 BG", Primaries(_D65, (0.64, 0.33), (0.29, 0.6), (0.15, 0.06))),
    6: ("BT.601", Primaries(_D65, (0.63, 0.34), (0.31, 0.595), (0.155, 0.07))),
    7: ("SMPTE 240M", Primaries(_D65, (0.63, 0.34), (0.31, 0.595), (0.155, 0.07))),
    8: ("Film", Primaries(_C, (0.681, 0.319), (0.243, 0.692), (0.145, 0.049))),
    9: ("BT.2020", Primaries(_D65, (0.708, 0.292), (0.17, 0.797), (0.131, 0.046))),
    11: ("DCI-P3", Primaries((0.314, 0.351), (0.68, 0.32), (0.265, 0.69), (0.15, 0.06))),
    12: ("Display P3", Primaries(_D65, (0.68, 0.32), (0.265, 0.69), (0.15, 0.06))),
    22: ("EBU 3213", Primaries(_D65, (0.63, 0.34), (0.295, 0.605), (0.155, 0.077))),
}
# H.273, table 3: number, name, curve. Those of video cameras (1, 6, 14, 15) depend on the format: see ``of_codes``.
_CURVES: Mapping[int, tuple[str, Curve]] = {
    2: ("sRGB", SRGB_CURVE),  # unspecified
    4: ("gamma 2.2", Curve(2.2)),
    5: ("gamma 2.8", Curve(2.8)),
    7: ("SMPTE 240M", Curve(1 / 0.45, 1 / 1.1115, 0.1115 / 1.1115, 1 / 4, 0.0913)),
    8: ("linear", Curve(1.0)),
    13: ("sRGB", SRGB_CURVE),
}
_VIDEO_CURVES = (1, 6, 14, 15)
# A display for video shows BT.709 by this (Rec. ITU-R BT.1886).
_DISPLAY_CURVE = ("BT.1886", Curve(2.4))
_HDR = {16: "PQ", 18: "HLG"}
# The exponent below which values are nearer to light than to what eyes see, for which models are trained.
_LINEAR_BELOW = 1.6


class UnknownColoursError(ValueError):
    """The numbers describe colours that are not supported; its text is a short English name of them."""


@dataclass(frozen=True)
class CodePoints:
    """The numbers by which a video or image stream describes its colours.

    Attributes:
        primaries: ``ColourPrimaries``.
        transfer: ``TransferCharacteristics``.
        matrix: ``MatrixCoefficients``.
        is_full: whether levels use their whole range, not the narrow one of video.

    """

    primaries: int
    transfer: int
    matrix: int
    is_full: bool


@dataclass(frozen=True)
class Encoding:
    """What RGB values mean.

    Attributes:
        name: for people.
        primaries: of the three channels.
        curve: from values to light.

    """

    name: str
    primaries: Primaries
    curve: Curve

    @property
    def is_srgb(self) -> bool:
        """Whether it is sRGB, so that nothing has to be said about it."""
        return self.curve == SRGB_CURVE and self.primaries.is_close_to(SRGB_PRIMARIES)

    @property
    def is_linear(self) -> bool:
        """Whether its values are to be encoded again before a model sees them."""
        return self.curve.gamma < _LINEAR_BELOW


def of_codes(primaries: int, transfer: int, *, video_as_srgb: bool) -> Encoding:
    """Return the encoding of two code points.

    Args:
        primaries: ``ColourPrimaries``.
        transfer: ``TransferCharacteristics``.
        video_as_srgb: whether the curves of video cameras mean sRGB, as browsers show AVIF and HEIC, or that of a
            display for video, as they show PNG.

    Raises:
        UnknownColoursError: HDR, or code points that are not supported.

    """
    if transfer in _HDR:
        raise UnknownColoursError(f"HDR, {_HDR[transfer]}")
    curves = dict(_CURVES)
    curves.update(dict.fromkeys(_VIDEO_CURVES, _CURVES[13] if video_as_srgb else _DISPLAY_CURVE))
    if primaries not in _PRIMARIES or transfer not in curves:
        raise UnknownColoursError(f"colours by the code points {primaries}/{transfer}")
    (space, corners), (shape, curve) = _PRIMARIES[primaries], curves[transfer]
    return Encoding(space if curve == SRGB_CURVE else f"{space}, {shape}", corners, curve)


def of_gamma(exponent: float, primaries: Primaries | None) -> Encoding:
    """Return the encoding of PNG's chunks gAMA and cHRM.

    Args:
        exponent: of the file, such as 0.45455; above 0.
        primaries: None where the file names none.

    """
    if primaries is None:
        # Nearly every file that says no more than this was made for sRGB, and browsers show it so.
        if abs(exponent - 0.45455) < 0.0005:
            return Encoding("sRGB", SRGB_PRIMARIES, SRGB_CURVE)
        return Encoding(f"gamma {1 / exponent:.3g}", SRGB_PRIMARIES, Curve(1 / exponent))
    return Encoding(f"PNG gamma {1 / exponent:.3g}", primaries, Curve(1 / exponent))

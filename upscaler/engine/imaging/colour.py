"""Colours of decoded samples: what becomes RGB levels, and which profile they are in.

An RGB profile is kept: the models see its values as they are and the result carries the same profile, so no colour is
clipped. Only what no result format can hold (CMYK, Lab, gray with a curve of its own), and values so near to light that
models trained on what eyes see would fail, are converted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageCms

from upscaler.engine.imaging import profiles
from upscaler.engine.imaging.cicp import Encoding
from upscaler.engine.imaging.icc_profile import SRGB_CURVE, SRGB_PRIMARIES, build_profile
from upscaler.engine.imaging.image import Pixels, white_of
from upscaler.engine.imaging.readers.base import ColourTag
from upscaler.engine.imaging.samples import Samples
from upscaler.engine.notes import Note


@dataclass
class Colours:
    """RGB or gray levels with their meaning.

    Attributes:
        levels: uint8 or uint16 (H, W, 1 or 3).
        profile: ICC profile that they are in, None for sRGB.
        name: of the profile or encoding that the file has, None where it has none.

    """

    levels: Pixels
    profile: bytes | None = None
    name: str | None = None


def to_rgb_or_gray(samples: Samples, tag: ColourTag) -> Colours:
    """Bring samples to RGB or gray, and add to ``samples.notes`` what happened to their colours."""
    if samples.space == "lab":
        samples.notes.append(Note("lab_converted"))
        return Colours(_by_profile(samples.reduced().colour, "LAB", profiles.lab_profile()))
    if tag.encoding is not None:
        return _encoded(samples, tag.encoding)
    profile = profiles.read_profile(tag.icc)
    if profile is None:
        if tag.icc is not None:
            samples.notes.append(Note("profile_damaged"))
        return Colours(_without_profile(samples))
    name = profiles.name_of(profile)
    if samples.space == "rgb" and profiles.colour_space(profile) == "RGB":
        return Colours(samples.colour, tag.icc, name)
    return Colours(_converted(samples, profile, name), name=name)


def _without_profile(samples: Samples) -> Pixels:
    if samples.space != "cmyk":
        return samples.colour
    samples.notes.append(Note("cmyk_converted"))
    return np.asarray(Image.fromarray(samples.reduced().colour, "CMYK").convert("RGB"))


def _encoded(samples: Samples, encoding: Encoding) -> Colours:
    """Return levels whose colours are described by numbers."""
    if encoding.is_srgb:
        return Colours(samples.colour)
    levels, curve = samples.colour, encoding.curve
    if encoding.is_linear or samples.space == "gray":
        levels, curve = _with_srgb_curve(levels, encoding), SRGB_CURVE
    if samples.space == "gray" or (curve == SRGB_CURVE and encoding.primaries.is_close_to(SRGB_PRIMARIES)):
        samples.notes.append(Note("profile_converted", {"profile": encoding.name}))
        return Colours(levels, name=encoding.name)
    return Colours(levels, build_profile(encoding.name, encoding.primaries, curve), encoding.name)


def _with_srgb_curve(levels: Pixels, encoding: Encoding) -> Pixels:
    white = white_of(levels)
    light = encoding.curve.to_linear(np.arange(white + 1) / white)
    table = np.rint(SRGB_CURVE.from_linear(np.clip(light, 0, 1)) * white).astype(levels.dtype)
    encoded: Pixels = table[levels]
    return encoded


def _converted(samples: Samples, profile: ImageCms.ImageCmsProfile, name: str) -> Pixels:
    """Return levels in sRGB, or as they are where the profile does not fit them."""
    space = profiles.colour_space(profile)
    try:
        if samples.space == "gray" and space in ("GRAY", "RGB"):
            converted = _by_gray_table(samples.colour, profile, space)
        elif samples.space == "cmyk" and space == "CMYK":
            converted = _by_profile(samples.reduced().colour, "CMYK", profile)
        else:
            samples.notes.append(Note("profile_unsuitable", {"profile": name}))
            return _without_profile(samples)
    except ImageCms.PyCMSError:
        samples.notes.append(Note("profile_not_applied", {"profile": name}))
        return _without_profile(samples)
    samples.notes.append(Note("profile_converted", {"profile": name}))
    return converted


def _by_gray_table(levels: Pixels, profile: ImageCms.ImageCmsProfile, space: str) -> Pixels:
    """Convert gray levels by the tones that the profile gives to 256 of them, with straight lines between."""
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[np.newaxis])
    toned = np.asarray(profiles.to_srgb(ramp if space == "GRAY" else ramp.convert("RGB"), profile))[0, :, 1]
    if levels.dtype == np.uint8:
        return toned[levels]
    table = np.interp(np.arange(65536) / 257, np.arange(256), toned.astype(np.float64) * 257)
    converted: Pixels = np.rint(table).astype(np.uint16)[levels]
    return converted


def _by_profile(levels: Pixels, mode: str, profile: ImageCms.ImageCmsProfile) -> Pixels:
    # Band by band: from bytes, Pillow takes a and b of Lab for signed numbers.
    bands = [
        Image.fromarray(np.ascontiguousarray(levels[..., channel])) for channel in range(levels.shape[2])
    ]
    return np.asarray(profiles.to_srgb(Image.merge(mode, bands), profile))

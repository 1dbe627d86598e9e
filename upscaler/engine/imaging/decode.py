"""Decoding: a file in, upright pixels out, with a note of everything that was changed on the way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageFile, ImageOps

from upscaler.engine.imaging import deep_pixels, profiles
from upscaler.engine.imaging.formats import FORMATS, format_of_content
from upscaler.engine.imaging.image import DecodedImage, Pixels
from upscaler.engine.imaging.metadata import select_exif
from upscaler.engine.imaging.opening import describe, open_image, orientation_of, read_head
from upscaler.engine.notes import Note
from upscaler.errors import UnsupportedImage

# Pillow's names of layouts with one channel of light, whatever its depth.
_GRAY_MODES = ("1", "L", "LA", "La", "I", "F", "I;16", "I;16L", "I;16B", "I;16N")
_DEEP_MODES = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")


def decode(path: Path, *, keep_metadata: str = "none", deep: bool = False) -> DecodedImage:
    """Read the first image of a file.

    Args:
        path: the file.
        keep_metadata: one of the values of that option.
        deep: whether to keep 16 bits per channel; otherwise all images come with 8.

    Raises:
        EmptyFile, UnsupportedImage, DamagedImage: as ``inspection.inspect_image`` raises them.

    """
    head = read_head(path)
    kind = format_of_content(head)
    if kind is None:
        raise UnsupportedImage(formats=", ".join(known.label for known in FORMATS))
    with open_image(path, kind) as image:
        info = describe(image, kind, head)
        orientation = orientation_of(image)
        decoded = _decode_opened(image, keep_metadata)
    decoded.source = {**info.as_dict(), "orientation": orientation, **decoded.source}
    decoded.bit_depth = info.bit_depth
    if orientation != 1:
        decoded.notes.append(Note("orientation_applied", {"orientation": orientation}))
    if info.frames > 1:
        decoded.notes.append(Note("frames_dropped", {"count": info.frames}))
    if deep and info.bit_depth == 16:
        deep_pixels.replace(decoded, path, orientation)
    return decoded


def _decode_opened(image: ImageFile.ImageFile, keep_metadata: str) -> DecodedImage:
    image.load()
    decoded = DecodedImage(
        rgb=np.empty((0, 0, 3), np.uint8),
        alpha=None,
        gray=False,
        gray_layout=image.mode in _GRAY_MODES,
        profile=None,
        dpi=_dpi_of(image),
    )
    select_exif(image, keep_metadata, decoded)
    metadata = [name for name in ("exif", "xmp", "comment") if image.info.get(name)]
    if decoded.exif is not None and "exif" in metadata:
        metadata.remove("exif")
    icc = image.info.get("icc_profile")
    colour, alpha = _split_alpha(ImageOps.exif_transpose(image))
    colour = _to_rgb_or_gray(colour, icc, decoded)
    decoded.rgb = np.asarray(colour.convert("RGB"))
    decoded.alpha = None if alpha is None else np.asarray(alpha)
    decoded.gray = colour.mode == "L" or has_no_colour(decoded.rgb)
    if metadata:
        decoded.notes.append(Note("metadata_removed", {"names": [name.upper() for name in metadata]}))
    return decoded


def has_no_colour(rgb: Pixels) -> bool:
    """Return whether the three channels of uint8 (H, W, 3) are equal everywhere."""
    return bool(np.array_equal(rgb[..., 0], rgb[..., 1]) and np.array_equal(rgb[..., 0], rgb[..., 2]))


def _split_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Split an image into colour (any mode without transparency) and alpha (mode L)."""
    if not image.has_transparency_data:
        return image, None
    if image.mode in _DEEP_MODES:
        # One 16-bit value stands for "transparent" (PNG's tRNS), which Pillow cannot expand by itself.
        visible = np.asarray(image) != image.info["transparency"]
        return image, Image.fromarray(visible.astype(np.uint8) * 255)
    is_gray = image.mode in _GRAY_MODES
    if image.mode == "La":
        image = image.convert("LA")
    whole = image.convert("RGBA")
    return whole.getchannel("R") if is_gray else whole.convert("RGB"), whole.getchannel("A")


def _to_rgb_or_gray(image: Image.Image, icc: bytes | None, decoded: DecodedImage) -> Image.Image:
    """Bring colour to mode ``RGB`` or ``L`` and note what happened to the profile."""
    profile = profiles.read_profile(icc)
    if profile is not None:
        decoded.source["profile"] = profiles.name_of(profile)
    elif icc:
        decoded.notes.append(Note("profile_damaged"))
    if image.mode == "LAB":
        decoded.notes.append(Note("lab_converted"))
        return profiles.to_srgb(image, profiles.lab_profile())
    image = _to_8_bit_mode(image, decoded)
    if profile is None:
        if image.mode == "CMYK":
            decoded.notes.append(Note("cmyk_converted"))
        return image if image.mode == "L" else image.convert("RGB")
    return _apply_profile(image, profile, icc, decoded)


def _to_8_bit_mode(image: Image.Image, decoded: DecodedImage) -> Image.Image:
    """Return ``L``, ``CMYK`` or ``RGB``."""
    if image.mode in _DEEP_MODES:
        return Image.fromarray(to_8_bits(np.asarray(image), decoded))
    if image.mode == "1":
        return image.convert("L")
    return image if image.mode in ("L", "CMYK") else image.convert("RGB")


def _apply_profile(
    image: Image.Image, profile: ImageCms.ImageCmsProfile, icc: bytes | None, decoded: DecodedImage
) -> Image.Image:
    space = profiles.colour_space(profile)
    if (image.mode, space) == ("RGB", "RGB"):
        decoded.profile = icc
        return image
    if (image.mode, space) in (("CMYK", "CMYK"), ("L", "GRAY")):
        return _converted(image, profile, decoded)
    decoded.notes.append(Note("profile_unsuitable", {"profile": profiles.name_of(profile)}))
    return image if image.mode == "L" else image.convert("RGB")


def _converted(image: Image.Image, profile: ImageCms.ImageCmsProfile, decoded: DecodedImage) -> Image.Image:
    name = profiles.name_of(profile)
    try:
        rgb = profiles.to_srgb(image, profile)
    except ImageCms.PyCMSError:
        decoded.notes.append(Note("profile_not_applied", {"profile": name}))
        return image if image.mode == "L" else image.convert("RGB")
    decoded.notes.append(Note("profile_converted", {"profile": name}))
    return rgb.getchannel("G") if image.mode == "L" else rgb


def to_8_bits(values: np.ndarray, decoded: DecodedImage) -> Pixels:
    """Reduce deep gray values (H, W) of any number type to uint8, rounding to nearest.

    Whole numbers up to 255 stay; up to 65535 they are 16-bit light. Fractions from 0 to 1 are light as they
    are. Anything else has no agreed white, so its own range is spread over 0 to 255, which a note then
    says.
    """
    deep = np.nan_to_num(values.astype(np.float64)) if values.dtype.kind == "f" else values
    low, high = float(deep.min()), float(deep.max())
    if values.dtype == np.uint16:
        white, black = 65535.0, 0.0
    elif values.dtype.kind == "f" and low >= 0 and high <= 1:
        white, black = 1.0, 0.0
    elif low >= 0 and high <= 255:
        white, black = 255.0, 0.0
    elif low >= 0 and high <= 65535:
        white, black = 65535.0, 0.0
    else:
        white, black = (high, low) if high > low else (low + 1.0, low)
        decoded.notes.append(Note("brightness_spread", {"low": f"{low:g}", "high": f"{high:g}"}))
    result = np.empty(deep.shape, np.uint8)
    for row in range(deep.shape[0]):
        # One row at a time keeps the floating-point copy small.
        result[row] = np.rint((deep[row] - black) * (255.0 / (white - black)))
    return result


def _dpi_of(image: Image.Image) -> tuple[float, float] | None:
    dpi = image.info.get("dpi")
    try:
        horizontal, vertical = (float(value) for value in dpi) if dpi else (0.0, 0.0)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (
        (horizontal, vertical)
        if 1 <= min(horizontal, vertical) <= max(horizontal, vertical) <= 100_000
        else None
    )

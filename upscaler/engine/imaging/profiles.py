"""ICC profiles: reading them, and conversion to sRGB."""

from __future__ import annotations

import io

from PIL import Image, ImageCms

_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION


def read_profile(icc: bytes | None) -> ImageCms.ImageCmsProfile | None:
    """Parse an embedded profile; None when there is none or it is broken."""
    if not icc:
        return None
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(icc))
    except (OSError, ImageCms.PyCMSError):
        return None


def colour_space(profile: ImageCms.ImageCmsProfile) -> str:
    """Return the space the profile describes: ``RGB``, ``GRAY``, ``CMYK``, ``LAB`` and the like."""
    return profile.profile.xcolor_space.strip().upper()


def name_of(profile: ImageCms.ImageCmsProfile) -> str:
    """Return the profile's own description in one line."""
    return " ".join((profile.profile.profile_description or "without a name").split())


def to_srgb(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    """Convert a CMYK, Lab or gray image to sRGB.

    Returns an ``RGB`` image; relative colorimetric with black point compensation, as image editors do by
    default.

    Raises ``ImageCms.PyCMSError`` when the profile does not fit the image.
    """
    converted = ImageCms.profileToProfile(
        image,
        profile,
        ImageCms.createProfile("sRGB"),
        renderingIntent=_INTENT,
        outputMode="RGB",
        flags=_FLAGS,
    )
    if converted is None:
        # The library returns None only for conversions in place, which this is not.
        raise ImageCms.PyCMSError("no image came back")
    return converted


def lab_profile() -> ImageCms.ImageCmsProfile:
    """Return the profile of CIE Lab, for images stored that way."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))

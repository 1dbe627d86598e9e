"""Samples of the images that Pillow has decoded."""

from __future__ import annotations

import numpy as np
from PIL import Image

from upscaler.engine.imaging.samples import CHANNELS, Samples, Space

_SPACES: dict[str, Space] = {"1": "gray", "L": "gray", "RGB": "rgb", "CMYK": "cmyk", "LAB": "lab"}


def samples_of(image: Image.Image) -> Samples:
    """Return the samples of a decoded image with 8 bits per channel or fewer, in any of Pillow's layouts."""
    if not image.has_transparency_data:
        if image.mode not in _SPACES:
            image = image.convert("RGB")
        space = _SPACES[image.mode]
        colour = np.asarray(image.convert("L") if image.mode == "1" else image)
        return Samples(colour.reshape(*colour.shape[:2], CHANNELS[space]), space)
    is_gray = image.mode in ("1", "L", "LA", "La")
    # Pillow converts premultiplied layouts in one way only.
    whole = np.asarray((image.convert("LA") if image.mode == "La" else image).convert("RGBA"))
    return Samples(whole[..., : 1 if is_gray else 3], "gray" if is_gray else "rgb", whole[..., 3])

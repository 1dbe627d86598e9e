"""The marks that inputs of the benchmarks get: noise and JPEG compression."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]


def with_noise(pixels: Pixels, sigma: float, chance: np.random.Generator) -> Pixels:
    """Return uint8 pixels with Gaussian noise of that many levels."""
    noise = chance.normal(0, sigma, pixels.shape)
    return np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8)


def as_jpeg(pixels: Pixels, quality: int) -> Pixels:
    """Return what uint8 (H, W, 3) is once it was saved as JPEG."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer).convert("RGB"))

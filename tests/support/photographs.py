"""Photographs that come with scikit-image, small enough for quick tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage import data


def photograph(name: str, side: int = 160) -> Image.Image:
    """Return a photograph reduced so that its longer side has `side` pixels."""
    image = Image.fromarray(getattr(data, name)())
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return image


def save_photograph(name: str, path: Path, side: int = 160) -> Path:
    """Write a photograph in the format of the path's suffix and return the path."""
    photograph(name, side).save(path, quality=95)
    return path


def psnr(first: Image.Image, second: Image.Image) -> float:
    """Return the peak signal-to-noise ratio of two RGB images of the same size, in dB."""
    difference = _levels(first) - _levels(second)
    error = float(np.mean(difference**2))
    return float("inf") if error == 0 else 10 * float(np.log10(255**2 / error))


def _levels(image: Image.Image) -> NDArray[np.float64]:
    return np.asarray(image.convert("RGB"), dtype=np.float64)

"""How near an image is to the original: PSNR of luma, HaarPSI and FLIP, and the energy of its gradients."""

from __future__ import annotations

import flip_evaluator
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import convolve1d

Pixels = NDArray[np.uint8]
Luma = NDArray[np.float64]

# The constants C and alpha of the paper, section 4.
_C, _ALPHA = 30.0, 4.2


def luma(pixels: Pixels) -> Luma:
    """Return the luma of ITU-R BT.601 in levels, float64 (H, W), of uint8 (H, W, 3)."""
    weighted: Luma = pixels.astype(np.float64) @ np.array([0.299, 0.587, 0.114])
    return weighted


def psnr_y(found: Pixels, truth: Pixels) -> float:
    """Return the peak signal-to-noise ratio of the lumas in dB, infinite where they are equal."""
    error = float(((luma(found) - luma(truth)) ** 2).mean())
    return float("inf") if error == 0 else float(10 * np.log10(255**2 / error))


def haarpsi(found: Pixels, truth: Pixels) -> float:
    """Return the Haar wavelet-based perceptual similarity index, 0 to 1.

    After Reisenhofer, Bosse, Kutyniok and Wiegand, "A Haar wavelet-based perceptual similarity index for image quality
    assessment", 2018: three scales of Haar coefficients of the halved images; the two finer ones are compared, the
    coarsest one weights.
    """
    lumas = [_halved(luma(pixels)) for pixels in (found, truth)]
    summed = weights = 0.0
    for axis in (0, 1):
        fine = [np.stack([np.abs(_haar(one, scale, axis)) for scale in (1, 2)]) for one in lumas]
        coarse = [np.abs(_haar(one, 3, axis)) for one in lumas]
        likeness = (2 * fine[0] * fine[1] + _C) / (fine[0] ** 2 + fine[1] ** 2 + _C)
        weight = np.maximum(*coarse)
        summed += float((_logistic(likeness.mean(axis=0)) * weight).sum())
        weights += float(weight.sum())
    if weights == 0:
        return 1.0
    mean = summed / weights
    return float((np.log(mean / (1 - mean)) / _ALPHA) ** 2)


def flip(found: Pixels, truth: Pixels) -> float:
    """Return the mean of NVIDIA's FLIP at 67 pixels a degree: 0 where a viewer sees no difference, up to 1."""
    pair = [np.ascontiguousarray(pixels, dtype=np.float32) / np.float32(255) for pixels in (truth, found)]
    _, mean, _ = flip_evaluator.evaluate(*pair, "LDR", applyMagma=False)
    return float(mean)


def gradient_energy(pixels: Pixels) -> float:
    """Return the mean size of the differences of luma to the next pixel, in levels: how much detail there is."""
    grey = luma(pixels)
    return float(np.abs(np.diff(grey, axis=0)).mean() + np.abs(np.diff(grey, axis=1)).mean())


def _halved(grey: Luma) -> Luma:
    height, width = (side // 2 * 2 for side in grey.shape)
    halved: Luma = grey[:height, :width].reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))
    return halved


def _haar(grey: Luma, scale: int, axis: int) -> Luma:
    side = 2**scale
    edge = np.repeat([1.0, -1.0], side // 2)
    along = convolve1d(grey, edge, axis=axis, mode="constant")
    coefficients: Luma = convolve1d(along, np.ones(side), axis=1 - axis, mode="constant") / side
    return coefficients


def _logistic(value: Luma) -> Luma:
    logistic: Luma = 1 / (1 + np.exp(-_ALPHA * value))
    return logistic

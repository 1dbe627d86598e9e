"""Alignment: the affine maps that turn a face upright into the square that face models take, and back.

Coordinates are continuous: the first pixel reaches from 0 to 1. A map is a (2, 3) matrix that takes x and y.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from upscaler.engine.faces.boxes import Floats

Map = NDArray[np.float64]

# Where the landmarks of `detect.Face` lie, on average, in the aligned images of the data set FFHQ ("A Style-Based
# Generator Architecture for Generative Adversarial Networks", Karras et al., 2019) at a side of 512 pixels; the
# library facexlib, from which these figures come, aligns faces so for GFPGAN, RestoreFormer and similar models.
SIDE = 512
TEMPLATE = (
    (192.98138, 239.94708),
    (318.90277, 240.1936),
    (256.63416, 314.01935),
    (201.26117, 371.41043),
    (313.08905, 371.15118),
)

_MOST_GROWTH = 2.0


def aligning(landmarks: Sequence[tuple[float, float]]) -> Map:
    """Return the map that turns, scales and moves landmarks as near as possible to ``TEMPLATE``, in least squares.

    Umeyama, "Least-Squares Estimation of Transformation Parameters Between Two Point Patterns", 1991. In a plane, where
    nothing may be mirrored, turning and scaling are one product of complex numbers.
    """
    points, wanted = (np.array([complex(x, y) for x, y in given]) for given in (landmarks, TEMPLATE))
    spread = points - points.mean()
    turn = np.vdot(spread, wanted - wanted.mean()) / max(np.vdot(spread, spread).real, 1e-9)
    shift = wanted.mean() - turn * points.mean()
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def scale_of(affine: Map) -> float:
    """Return the factor by which a map scales a side."""
    return math.sqrt(abs(np.linalg.det(affine[:, :2])))


def inverse(affine: Map) -> Map:
    """Return the inverse map."""
    turn = np.linalg.inv(affine[:, :2])
    return np.concatenate([turn, -turn @ affine[:, 2:]], axis=1)


def shifted(affine: Map, left: float, top: float) -> Map:
    """Return the map for coordinates that count from (left, top)."""
    return np.concatenate([affine[:, :2], affine[:, 2:] + affine[:, :2] @ [[left], [top]]], axis=1)


def sampled(pixels: Floats, affine: Map, size: tuple[int, int]) -> Floats:
    """Return (height, width, channels), sampled smoothly where ``affine`` maps each pixel; size is width and height.

    Beyond the given pixels lies 0. They are resized to their later size first, at most twice as large: details would
    flicker where they become smaller, and Pillow transforms images with a rougher kernel than it resizes them with.
    """
    growth = min(1 / scale_of(affine), _MOST_GROWTH)
    height, width, _ = pixels.shape
    resize = (max(1, round(width * growth)), max(1, round(height * growth)))
    pixels = resized(pixels, resize)
    affine = affine * [[resize[0] / width], [resize[1] / height]]
    planes = [
        _plane(pixels, channel).transform(
            size, Image.Transform.AFFINE, affine.ravel().tolist(), Image.Resampling.BICUBIC
        )
        for channel in range(pixels.shape[2])
    ]
    return np.stack([np.asarray(plane) for plane in planes], axis=-1)


def resized(
    pixels: Floats, size: tuple[int, int], how: Image.Resampling = Image.Resampling.BICUBIC
) -> Floats:
    """Return (height, width, channels) at another size, width and height."""
    planes = [_plane(pixels, channel).resize(size, how) for channel in range(pixels.shape[2])]
    return np.stack([np.asarray(plane) for plane in planes], axis=-1)


def _plane(pixels: Floats, channel: int) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(pixels[..., channel], np.float32))

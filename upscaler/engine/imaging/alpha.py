"""Transparency: colour for invisible pixels, so that no halo appears, and bounds for the upscaled channel."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from upscaler.engine.imaging.image import Pixels, white_of

_BAND_PIXELS = 1 << 22
_Floats = npt.NDArray[np.float32]


def bleed_colour(rgb: Pixels, alpha: Pixels) -> Pixels:
    """Give fully transparent pixels the colour of the visible ones nearby.

    What lies under transparent pixels is often black or left over from editing. A model sees it as part of
    the image and draws a dark fringe into the visible edge. The colours are averaged over ever larger
    blocks, weighted by alpha, and each invisible pixel takes that of the smallest block around it that has
    something visible (the first half of "The Pull-Push Algorithm", Gortler et al., "The Lumigraph", 1996).

    Args:
        rgb: uint8 or uint16 (H, W, 3).
        alpha: (H, W) of the same type.

    Returns:
        (H, W, 3) of the same type: a new array, equal to ``rgb`` where alpha is above 0; ``rgb`` itself where
        nothing is invisible or nothing is visible.

    """
    hidden = alpha == 0
    if not hidden.any() or hidden.all():
        return rgb
    fill = _block_colours(rgb, alpha)
    height, width = alpha.shape
    result: Pixels = rgb.copy()
    for rows in bands(height, width):
        columns = np.arange(width) // 2
        nearest = fill[np.arange(rows.start, rows.stop) // 2][:, columns]
        np.copyto(result[rows], nearest, where=hidden[rows, :, np.newaxis])
    return result


def _block_colours(rgb: Pixels, alpha: Pixels) -> Pixels:
    """Average colour of each 2 x 2 block, taken from coarser blocks where all of a block is invisible."""
    height, width = alpha.shape
    shape = ((height + 1) // 2, (width + 1) // 2)
    sums, weights = np.zeros((*shape, 3), np.float32), np.zeros(shape, np.float32)
    for down in (0, 1):
        for right in (0, 1):
            part = alpha[down::2, right::2].astype(np.float32)
            area = np.s_[: part.shape[0], : part.shape[1]]
            weights[area] += part
            sums[area] += rgb[down::2, right::2] * part[..., np.newaxis]
    colours: Pixels = np.rint(_filled(sums, weights)).astype(rgb.dtype)
    return colours


def _filled(sums: _Floats, weights: _Floats) -> _Floats:
    colours: _Floats = sums / np.maximum(weights, np.float32(1e-6))[..., np.newaxis]
    empty = weights == 0
    if empty.any() and max(weights.shape) > 1:
        coarse = _filled(_halved(sums), _halved(weights))
        rows, columns = np.nonzero(empty)
        colours[rows, columns] = coarse[rows // 2, columns // 2]
    return colours


def _halved(values: _Floats) -> _Floats:
    """Sum blocks of 2 x 2; an odd side is padded with zeros."""
    padding = [(0, side % 2) for side in values.shape[:2]] + [(0, 0)] * (values.ndim - 2)
    even = np.pad(values, padding)
    return np.asarray(even[0::2, 0::2] + even[1::2, 0::2] + even[0::2, 1::2] + even[1::2, 1::2])


def limit_to_source(upscaled: Pixels, alpha: Pixels, scale: int) -> None:
    """Keep an upscaled alpha channel, in place, within the range of the 3 x 3 source pixels around.

    Models ripple beside sharp edges. In an alpha channel that would be a faint ring around a logo, or
    specks in a place that was wholly transparent or wholly opaque.

    Args:
        upscaled: uint8 or uint16 (H * scale, W * scale), changed in place.
        alpha: (H, W) of the same type, the source.
        scale: output side per input side.

    """
    padded = np.pad(alpha, 1, mode="edge")
    height, width = alpha.shape
    shifted = [padded[down : down + height, right : right + width] for down in range(3) for right in range(3)]
    least, most = shifted[0].copy(), shifted[0].copy()
    for neighbour in shifted[1:]:
        np.minimum(least, neighbour, out=least)
        np.maximum(most, neighbour, out=most)
    for rows in bands(height, width * scale * scale):
        target = upscaled[rows.start * scale : rows.stop * scale]
        low, high = (np.repeat(np.repeat(bound[rows], scale, 0), scale, 1) for bound in (least, most))
        np.clip(target, low, high, out=target)


def bands(height: int, pixels_per_row: int) -> Iterator[slice]:
    """Split ``height`` rows into slices of a few million pixels, so that temporary arrays stay small."""
    step = max(1, _BAND_PIXELS // max(1, pixels_per_row))
    for start in range(0, height, step):
        yield slice(start, min(height, start + step))


def has_shape(alpha: Pixels | None) -> bool:
    """Return whether an alpha channel has more than one value, so that it is worth a model."""
    return alpha is not None and bool(alpha.min() != alpha.max())


def is_visible(alpha: Pixels | None) -> bool:
    """Return whether any pixel of an image is not fully opaque."""
    return alpha is not None and bool(alpha.min() < white_of(alpha))

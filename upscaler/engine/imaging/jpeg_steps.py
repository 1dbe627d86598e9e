"""The traces that JPEG leaves: its quantisation steps, read from a JPEG file's tables or found in the pixels.

JPEG rounds the coefficients of the cosine transform of each block of 8 x 8 px to multiples of steps. An image that was
saved as JPEG once and in another format since still has such coefficients; the method follows Fan and de Queiroz,
"Identification of bitmap compression history: JPEG detection and quantizer estimation", 2003.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from upscaler.engine.imaging.image import Pixels, as_8_bits
from upscaler.engine.imaging.jpeg_trace import JpegTrace

Levels = NDArray[np.float32]
# Quantisation steps (8, 8) by vertical and horizontal frequency.
Steps = NDArray[np.float32]
# A vertical and a horizontal frequency, each 0 to 7.
Place = tuple[int, int]

# Table K.1 of ITU-T T.81, which encoders scale with the quality.
_LUMA_STEPS = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ],
    np.float32,
)
_LUMA_WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)
# The order in which a file names the coefficients (T.81, figure 5).
_ZIGZAG = sorted(np.ndindex(8, 8), key=lambda place: (sum(place), place[0] if sum(place) % 2 else place[1]))
# By so much the quality seen in pixels may be off.
_INEXACT = 3
# The coefficients of low frequencies, which most blocks have; the mean level of a block is none of them.
_LOOKED_AT = tuple((v, h) for v in range(4) for h in range(4) if 0 < v + h <= 4)
# Steps of 1 cannot be told from the rounding of pixels, so that the qualities above leave hardly a trace.
_QUALITIES, _STEPS = range(20, 94), range(2, 122)
# Coefficients count where so many blocks have them with either sign. The fit to a quality is the mean over its
# coefficients; docs/adr/0033-a-preset-knows-jpeg.md has what it is for photographs and drawings.
_LEAST_BLOCKS, _LEAST_COEFFICIENTS, _LEAST_FIT = 24, 6, 0.12
# Steps of other tables than the standard's are believed where more coefficients fit better.
_LEAST_FREE_COEFFICIENTS, _LEAST_FREE_FIT = 6, 0.6
# At most so many pixels are looked at, in squares spread over the image.
_SQUARE, _SQUARES_A_SIDE = 384, 2


def find_trace(steps: Steps | None, rgb: Pixels) -> JpegTrace | None:
    """Return the trace in an image of the lowest quality, None where there is none.

    Args:
        steps: those of the file that holds it, None where it is no JPEG file.
        rgb: its pixels, (H, W, 3).

    """
    in_pixels = trace_in_pixels(rgb)
    if steps is None:
        return in_pixels
    # The image may have been saved in a lower quality before, and then the pixels have the marks of that.
    of_file = JpegTrace(quality_of_table(steps), "file")
    if in_pixels is not None and in_pixels.quality < of_file.quality - _INEXACT:
        return in_pixels
    return of_file


def luma_steps(segments: Sequence[bytes], number: int) -> Steps | None:
    """Return a table of a JPEG file, None where it is missing or broken; the last definition of a number counts.

    Args:
        segments: the bodies of its DQT segments (T.81, B.2.4.1).
        number: of the table.

    """
    found: Steps | None = None
    for body in segments:
        at = 0
        while at < len(body):
            wide, of = body[at] >> 4, body[at] & 15
            length = 128 if wide else 64
            content = body[at + 1 : at + 1 + length]
            at += 1 + length
            if of != number or len(content) < length:
                continue
            values = np.frombuffer(content, ">u2" if wide else "u1")
            if values.all():
                found = np.empty((8, 8), np.float32)
                found[tuple(np.transpose(_ZIGZAG))] = values
    return found


def trace_in_pixels(rgb: Pixels) -> JpegTrace | None:
    """Return the trace that JPEG left in the pixels of (H, W, 3), None where there is none to be seen."""
    squares = [as_8_bits(square).astype(np.float32) @ _LUMA_WEIGHTS for square in _squares_of(rgb)]
    for top, left in dict.fromkeys([(0, 0), _grid_of(squares)]):
        fits = _fits([square[top:, left:] for square in squares])
        quality = _fitting_quality(fits)
        if quality is None and len(steps := _free_steps(fits)) >= _LEAST_FREE_COEFFICIENTS:
            quality = _quality_of(steps)
        if quality is not None:
            return JpegTrace(quality, "pixels")
    return None


def _fits(squares: list[Levels]) -> Levels:
    """Return how well the coefficients of an image's blocks fit steps, (coefficients looked at, steps from 0 on).

    The fit is 1 for multiples of the step alone, about 0 for any sizes. Pixels that are rounded to whole levels leave
    0.55 at a step of 2 and 0.9 from 5 on. It is NaN where too few blocks have the coefficient.
    """
    coefficients = np.concatenate([_coefficients(square) for square in squares])
    found = np.full((len(_LOOKED_AT), _STEPS.stop), np.nan, np.float32)
    for fits, (v, h) in zip(found, _LOOKED_AT, strict=True):
        sizes = coefficients[:, v, h]
        # Each sign by itself: a pattern that repeats from block to block, such as ruled paper, has one.
        fits[:] = np.minimum(_fits_of(sizes[sizes > 0]), _fits_of(-sizes[sizes < 0]))
    return found


def _fits_of(sizes: Levels) -> Levels:
    """Return how well sizes, all above 0, fit steps from 0 on; NaN where few of them are nearer to a step than to 0."""
    fits = np.full(_STEPS.stop, np.nan, np.float32)
    sizes = np.sort(sizes)
    begins = np.searchsorted(sizes, np.array(_STEPS) / 2, "right")
    for step, begin in zip(_STEPS, begins, strict=True):
        if len(sizes) - begin < _LEAST_BLOCKS:
            break
        fits[step] = np.cos(sizes[begin:] * np.float32(2 * np.pi / step)).sum() / (len(sizes) - begin)
    return fits


def _fitting_quality(fits: Levels) -> int | None:
    """Return the quality whose steps fit best, None where none fits well enough."""
    known = fits[np.arange(len(_LOOKED_AT)), _STEPS_OF_QUALITIES]
    counts = np.isfinite(known).sum(axis=1)
    means = np.nansum(known, axis=1) / np.maximum(counts, 1)
    means[counts < _LEAST_COEFFICIENTS] = 0
    best = int(means.argmax())
    return _QUALITIES[best] if means[best] > _LEAST_FIT else None


def _free_steps(fits: Levels) -> dict[Place, float]:
    """Return the largest step that fits each coefficient well, for those that have one."""
    found: dict[Place, float] = {}
    for place, known in zip(_LOOKED_AT, np.nan_to_num(fits), strict=True):
        best = known.max()
        if best >= _LEAST_FREE_FIT:
            found[place] = float(np.flatnonzero(known >= 0.9 * best)[-1])
    return found


def quality_of_table(steps: Steps) -> int:
    """Return the libjpeg quality, 1 to 100, whose table is nearest to one (8, 8)."""
    return _quality_of({(v, h): float(steps[v, h]) for v in range(8) for h in range(8)})


def _quality_of(steps: Mapping[Place, float]) -> int:
    """Return the quality whose steps are nearest."""
    places = tuple(np.transpose(list(steps)))
    tables = np.array([_table(quality)[places] for quality in range(1, 101)])
    distances = np.abs(np.log(tables / np.array(list(steps.values())))).sum(axis=1)
    return int(distances.argmin()) + 1


@cache
def _table(quality: int) -> Steps:
    """Return the steps (8, 8) of a quality; the scale is that of libjpeg's ``jcparam.c``."""
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return np.clip((scale * _LUMA_STEPS + 50) // 100, 1, 255)


# (qualities, coefficients looked at)
_STEPS_OF_QUALITIES = np.array(
    [[int(_table(quality)[place]) for place in _LOOKED_AT] for quality in _QUALITIES]
)


def _squares_of(rgb: Pixels) -> Iterator[Pixels]:
    """Yield parts of the image, whose corners lie on the grid of blocks that begins at the image's own."""
    height, width = rgb.shape[:2]
    for top in _starts(height):
        for left in _starts(width):
            yield rgb[top : top + _SQUARE, left : left + _SQUARE]


def _starts(length: int) -> list[int]:
    room = max(0, length - _SQUARE)
    places = [room * number // (_SQUARES_A_SIDE - 1) // 8 * 8 for number in range(_SQUARES_A_SIDE)]
    return sorted(set(places)) if room >= _SQUARE else [room // 2 // 8 * 8]


def _grid_of(squares: list[Levels]) -> tuple[int, int]:
    """Return where the grid of blocks is likeliest to begin: where steps are larger than those beside them."""
    begins = []
    for axis in (0, 1):
        counts = np.zeros(8)
        for square in squares:
            steps = np.abs(np.diff(square, axis=axis))
            steps = steps if axis == 0 else steps.T
            larger = (steps[1:-1] > steps[:-2]) & (steps[1:-1] > steps[2:])
            rows = larger.sum(axis=1)
            # The step between rows y and y + 1 is number y; a block begins at y + 1.
            counts += np.bincount((np.arange(len(rows)) + 2) % 8, weights=rows, minlength=8)
        begins.append(int(counts.argmax()))
    return begins[0], begins[1]


def _coefficients(luma: Levels) -> Levels:
    """Return the cosine transform of each whole block, (blocks, 8, 8)."""
    rows, columns = (length // 8 for length in luma.shape)
    blocks = luma[: rows * 8, : columns * 8].reshape(rows, 8, columns, 8).swapaxes(1, 2).reshape(-1, 8, 8)
    transformed: Levels = _COSINES @ blocks @ _COSINES.T
    return transformed


def _cosines() -> Levels:
    frequency, place = np.mgrid[:8, :8]
    rows = np.cos(np.pi * (2 * place + 1) * frequency / 16) / 2
    rows[0] /= np.sqrt(2)
    return rows.astype(np.float32)


_COSINES = _cosines()

"""Row filters between the models and a file: each takes blocks of rows and writes blocks of rows to the next."""

from __future__ import annotations

import math
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from upscaler.engine.imaging.image import Pixels, white_of

# Lanczos looks this many pixels of the smaller image to each side.
_LANCZOS_PIXELS = 3
# Pixels that are sharpened at once, to keep temporary arrays small.
_SHARPEN_PIXELS = 1_000_000
# Share of the difference to the blurred image that is added.
_AMOUNTS = {"low": 0.5, "med": 1.0, "high": 1.8}


class Sink(Protocol):
    """Takes the rows of an image from the top to the bottom."""

    def write(self, rows: Pixels) -> None:
        """Take the next rows: (n, width, channels)."""

    def close(self) -> None:
        """Finish, after the last row."""

    def abort(self) -> None:
        """Leave nothing behind. Safe to call at any time."""


class ArraySink:
    """Puts rows into an array."""

    def __init__(self, array: Pixels) -> None:
        self._array = array
        self._done = 0

    def write(self, rows: Pixels) -> None:
        """Put the next rows in their place."""
        self._array[self._done : self._done + rows.shape[0]] = rows
        self._done += rows.shape[0]

    def close(self) -> None:
        """Do nothing: the rows are where they belong."""

    def abort(self) -> None:
        """Do nothing: the array belongs to the caller."""


class BufferedFilter:
    """Base of filters that look at neighbouring rows: keeps the rows that are still needed.

    Args:
        sink: takes the filtered rows.
        height: of the unfiltered image in pixels.
    """

    def __init__(self, sink: Sink, height: int) -> None:
        self._sink = sink
        self._height = height
        self._kept: Pixels | None = None
        self._first = 0
        self._seen = 0

    def close(self) -> None:
        """Finish the sink."""
        self._sink.close()

    def abort(self) -> None:
        """Abort the sink."""
        self._sink.abort()

    def _take(self, rows: Pixels) -> None:
        self._kept = rows if self._kept is None else np.concatenate([self._kept, rows])
        self._seen += rows.shape[0]

    def _rows(self, start: int, stop: int) -> Pixels:
        assert self._kept is not None  # noqa: S101 - rows are asked for after some were taken
        return self._kept[start - self._first : stop - self._first]

    def _drop(self, before: int) -> None:
        """Drop the rows above ``before``; the rest is copied, since it may be a view of a larger array."""
        if self._kept is not None and before > self._first:
            self._kept = self._kept[before - self._first :].copy()
            self._first = before


class Downscaler(BufferedFilter):
    """Reduces an image with Lanczos.

    Args:
        sink: takes the reduced rows.
        source_size: width and height in pixels of the image that is written to the filter.
        target_size: width and height in pixels of the image that the sink gets, neither larger.
    """

    def __init__(self, sink: Sink, source_size: tuple[int, int], target_size: tuple[int, int]) -> None:
        super().__init__(sink, source_size[1])
        self._target_width, self._target_height = target_size
        self._ratio = source_size[1] / target_size[1]
        self._reach = _LANCZOS_PIXELS * self._ratio + 1
        self._done = 0

    def write(self, rows: Pixels) -> None:
        """Take the next rows and write on those whose neighbourhood is known."""
        self._take(rows)
        ended = self._seen == self._height
        stop = self._target_height if ended else math.floor((self._seen - self._reach) / self._ratio)
        if stop <= self._done:
            return
        top, bottom = self._done * self._ratio, stop * self._ratio
        first = max(0, math.floor(top - self._reach))
        near = self._rows(first, min(self._seen, math.ceil(bottom + self._reach)))
        box = (0, top - first, near.shape[1], min(bottom - first, near.shape[0]))
        self._sink.write(_resized(near, (self._target_width, stop - self._done), box))
        self._done = stop
        self._drop(max(0, math.floor(bottom - self._reach)))


class Sharpener(BufferedFilter):
    """Sharpens edges without halos: an unsharp mask that stays between the darkest and the brightest pixel around.

    Transparency, the last of an even number of channels, passes as it is.

    Args:
        sink: takes the sharpened rows.
        height: of the image in pixels.
        level: one of the values of the option ``sharpen`` but "none".
        scale: factor by which the image was upscaled: its edges are as many pixels wide.
    """

    def __init__(self, sink: Sink, height: int, level: str, scale: float) -> None:
        super().__init__(sink, height)
        self._amount = np.float32(_AMOUNTS[level])
        self._sigma = 0.6 + 0.25 * scale
        self._radius = math.ceil(2.5 * self._sigma)
        self._done = 0

    def write(self, rows: Pixels) -> None:
        """Take the next rows and write on those whose neighbourhood is known."""
        self._take(rows)
        stop = self._height if self._seen == self._height else self._seen - self._radius
        step = max(1, _SHARPEN_PIXELS // rows.shape[1])
        while self._done < stop:
            self._sharpen(self._done, min(self._done + step, stop))
            self._done = min(self._done + step, stop)
        self._drop(max(0, self._done - self._radius))

    def _sharpen(self, top: int, bottom: int) -> None:
        start, stop = max(0, top - self._radius), min(self._height, bottom + self._radius)
        rows = self._rows(start, stop)
        colours = rows.shape[2] - (rows.shape[2] + 1) % 2
        above, below = self._radius - (top - start), self._radius - (stop - bottom)
        padded = np.pad(
            rows[..., :colours], ((above, below), (self._radius, self._radius), (0, 0)), mode="edge"
        )
        result = rows[top - start : bottom - start].copy()
        result[..., :colours] = _sharpened(padded, self._radius, self._sigma, self._amount)
        self._sink.write(result)


def _sharpened(padded: Pixels, radius: int, sigma: float, amount: np.float32) -> Pixels:
    """Return the inner part of (H + 2 r, W + 2 r, channels), sharpened and kept within its neighbourhood's range."""
    offsets = range(-radius, radius + 1)
    weights = np.exp(-(np.array(offsets) ** 2) / (2 * sigma**2))
    weights = (weights / weights.sum()).astype(np.float32)
    blurred: NDArray[np.float32] = padded.astype(np.float32)
    near = max(1, round(sigma))
    least, most = padded, padded
    for axis in (0, 1):
        total = np.zeros_like(_shifted(blurred, 0, radius, axis))
        for offset, weight in zip(offsets, weights, strict=True):
            total += _shifted(blurred, offset, radius, axis) * weight
        blurred = total
        for pick in (np.minimum, np.maximum):
            bound = least if pick is np.minimum else most
            extreme = _shifted(bound, -near, radius, axis)
            for offset in range(1 - near, near + 1):
                extreme = pick(extreme, _shifted(bound, offset, radius, axis))
            least, most = (extreme, most) if pick is np.minimum else (least, extreme)
    inner = padded[radius : padded.shape[0] - radius, radius : padded.shape[1] - radius]
    result = inner + (inner - blurred) * amount
    return np.rint(np.clip(result, least, most)).astype(padded.dtype)


def _shifted(pixels: NDArray[Any], offset: int, radius: int, axis: int) -> NDArray[Any]:
    """Return the pixels ``offset`` away along an axis, without the ``radius`` pixels at both its ends."""
    window = slice(radius + offset, pixels.shape[axis] - radius + offset)
    return pixels[window] if axis == 0 else pixels[:, window]


def _resized(pixels: Pixels, size: tuple[int, int], box: tuple[float, float, float, float]) -> Pixels:
    """Resize the part ``box`` of (H, W, channels) with Lanczos, which samples the pixels around it as well."""
    planes = []
    for channel in range(pixels.shape[2]):
        # As fractions: with 8 bits Pillow clips what lies beyond black and white between its two passes, and it knows
        # no colour of 16 bits.
        plane = Image.fromarray(np.ascontiguousarray(pixels[..., channel], np.float32))
        planes.append(np.asarray(plane.resize(size, Image.Resampling.LANCZOS, box)))
    return np.rint(np.clip(np.dstack(planes), 0, white_of(pixels))).astype(pixels.dtype)

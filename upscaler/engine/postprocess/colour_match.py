"""Colour matching: the tones of an upscaled image are brought back to those of its input.

Models shift tones: realesrgan-x4plus darkens photographs by 1 to 3.6 of 255 levels on average, and tints
grey areas. Only slow changes are corrected: the upscaled image, reduced to the size of the input, is to have the mean
of the input in each block of 32 x 32 input pixels. What is added is linear between the blocks' centres, so it has no
edges, and is shared out within a block by how much the upscaled image differs there.

Noise that a model removed must not come back. It leaves a difference of means as well, of about its standard
deviation divided by 32, which differs from block to block, while tones shift over larger areas or by more than that. So
what a block has beyond its smoothed neighbourhood counts by how far it stands out of the noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from upscaler.engine.imaging.image import Pixels
from upscaler.engine.postprocess.block_means import BlockSums, Bounds

_BLOCK_PIXELS = 32
# Side of the parts of a block among which a correction is shared out.
_PART_PIXELS = 8
# How many times its share of a block's correction a part may get.
_MOST_SHARES = 2.0
# More, in levels of 255, is no shift of tone: it stays, so that the check of the result finds what is wrong.
# Photographs need 6; waifu2x's photo model on a grating of one pixel needs more than 32 to pass the check.
_MOST_LEVELS = 40.0
# Standard errors of a block's mean that count as noise: differences within them are left to the smoothed neighbourhood.
_NOISE_ERRORS = 3.0
# The mean over a block of what is linear between centres: the shares of its own centre and of its neighbours'.
_BETWEEN_CENTRES = np.array([1, 6, 1]) / 8
# Undoes it: the inverse, r**|k| / sqrt(1/2) with r = sqrt(8) - 3, cut off after two blocks and scaled to a sum of one.
_SHARPENING = np.array([0.04113, -0.23973, 1.3972, -0.23973, 0.04113])
_SMOOTHING = np.array([0.25, 0.5, 0.25])
# Blocks on either side that a value between two centres depends on: the next centre, and the reach of the filters.
_REACH = 1 + (len(_SMOOTHING) + len(_BETWEEN_CENTRES) + len(_SHARPENING) - 3) // 2

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

# Rows of the result that tones are added to at once: they stay in the processor's cache.
_ADDED_ROWS = 16
_TINY = np.finfo(np.float64).tiny


class ToneGrid:
    """Difference of tone between an image and its upscaled image, on a grid of 32 px blocks.

    The upscaled image arrives in full rows from the top. A row can be corrected once the blocks around it are known.
    """

    def __init__(self, height: int, width: int, channels: int, scale: int) -> None:
        self._scale = scale
        self._height = height
        self._rows, self._columns = _Axis.along(height), _Axis.along(width)
        bounds = (self._rows.parts, self._columns.parts)
        self._sums = BlockSums(*bounds, channels)
        self._squares = BlockSums(*bounds, channels)
        self._sizes = BlockSums(*bounds, 1)
        self._seen = 0
        self._between_columns = _between_centres(self._columns.parts, np.arange(width * scale), scale)

    def observe(self, source: Pixels, result: Pixels) -> None:
        """Add the next rows: (n, width, channels) of the image and their (n * scale, width * scale, channels)."""
        # Whole numbers, so that it does not matter in which parts the image comes.
        # Squares of 8-bit differences fit in 32 bits up to 13 times the size.
        whole = np.int32 if source.dtype == np.uint8 and self._scale <= 13 else np.int64
        difference = source.astype(whole) * self._scale**2 - _pixel_sums(result, self._scale).astype(whole)
        self._sums.add(self._seen, 0, difference)
        self._squares.add(self._seen, 0, difference * difference)
        self._sizes.add(self._seen, 0, np.abs(difference).sum(axis=2, keepdims=True))
        self._seen += source.shape[0]

    @property
    def final_rows(self) -> int:
        """Number of rows of the result, from the top, that can be corrected now."""
        if self._seen == self._height:
            return self._height * self._scale
        complete = int(np.searchsorted(self._rows.blocks, self._seen, "right")) - 1
        # A row above the centre of a block lies between two parts, the second of which needs the next block's centre.
        last = complete - 1 - _REACH
        return (
            int((self._rows.blocks[last] + self._rows.blocks[last + 1]) * self._scale // 2)
            if last >= 0
            else 0
        )

    def corrected(self, top: int, pixels: Pixels) -> Pixels:
        """Return rows of the upscaled image, the first of which is row ``top``, with their tones corrected."""
        lower, share = _between_centres(self._rows.parts, np.arange(top, top + pixels.shape[0]), self._scale)
        # As much of the grid as these rows depend on: all of it would be much for each block of rows of a large image.
        first, last = self._rows.block_of(lower[0]) - _REACH, self._rows.block_of(lower[-1] + 1) + _REACH
        rows = self._rows.between(first, last + 1)
        field = self._field(rows, _MOST_LEVELS * np.iinfo(pixels.dtype).max / 255)
        lower -= rows.first_part
        upper = np.minimum(lower + 1, field.shape[0] - 1)
        # Adding less than half a level to whole levels changes nothing.
        if float(np.abs(field[lower[0] : upper[-1] + 1]).max()) < 0.5:
            return pixels
        # Along the rows first: there are few rows of parts, and many of pixels between them.
        columns, shares = self._between_columns
        wide = field[lower[0] : upper[-1] + 1]
        after = np.minimum(columns + 1, wide.shape[1] - 1)
        wide = wide[:, columns] * (1 - shares[:, np.newaxis]) + wide[:, after] * shares[:, np.newaxis]
        return _add(pixels, wide, (lower - lower[0], upper - lower[0], share))

    def _field(self, rows: _Axis, most: float) -> Floats:
        """Return the correction at the centre of each part of some rows of blocks; at most ``most`` for a block."""
        seen = slice(rows.first_part, rows.first_part + len(rows.parts) - 1)
        sums, squares, sizes = (found.means(seen) for found in (self._sums, self._squares, self._sizes))
        areas = np.outer(np.diff(rows.parts), np.diff(self._columns.parts))[..., np.newaxis]
        grid = _Grid(rows, self._columns, areas)
        means = grid.means(sums) / self._scale**2
        variances = np.maximum(grid.means(squares) / self._scale**4 - means**2, 0)
        noise = _NOISE_ERRORS**2 * variances / grid.block_areas
        smooth = _filtered(means, _SMOOTHING)
        own = means - _filtered(smooth, _BETWEEN_CENTRES)
        certain = own**4 / np.maximum(own**4 + noise**2, _TINY)
        centres = np.clip(smooth + _filtered(certain * own, _SHARPENING), -most, most)
        # Where nothing differs nothing is to be corrected: a white page stays white around what is printed on it.
        shares = np.minimum(sizes / np.maximum(grid.parts(grid.means(sizes)), _TINY), 1)
        shares *= np.minimum(1 / np.maximum(grid.parts(grid.means(shares)), _TINY), _MOST_SHARES)
        return np.asarray(grid.between_centres(centres) * shares, np.float32)


@dataclass(frozen=True)
class _Axis:
    """Blocks of 32 pixels along a side, and their parts.

    Attributes:
        blocks: where blocks begin, and where the last one ends; that of the side takes what is less than half of one.
        parts: the same of the parts, each of which lies in one block.
        counts: of the parts of each block.
        first_part: number of the first part among those of the whole side.
    """

    blocks: Bounds
    parts: Bounds
    counts: Bounds
    first_part: int = 0

    @classmethod
    def along(cls, side: int) -> _Axis:
        """Return all blocks of a side of ``side`` pixels."""
        count = max(1, (side + _BLOCK_PIXELS // 2) // _BLOCK_PIXELS)
        blocks = np.array([*range(0, count * _BLOCK_PIXELS, _BLOCK_PIXELS), side], np.int64)
        counts = np.maximum(np.diff(blocks) // _PART_PIXELS, 1)
        inner = [
            np.linspace(start, stop, parts, endpoint=False)
            for start, stop, parts in zip(blocks[:-1], blocks[1:], counts, strict=True)
        ]
        return cls(blocks, np.append(np.rint(np.concatenate(inner)), side).astype(np.int64), counts)

    @property
    def firsts(self) -> Bounds:
        """Number of the first part of each block."""
        return np.cumsum(self.counts) - self.counts

    def block_of(self, part: int) -> int:
        """Return the number of the block that a part lies in, of the last one for a part beyond it."""
        return int(np.searchsorted(self.firsts, part, "right")) - 1

    def between(self, first: int, stop: int) -> _Axis:
        """Return the blocks from ``first`` to before ``stop``, as far as they exist."""
        first, stop = max(first, 0), min(stop, len(self.counts))
        counts = self.counts[first:stop]
        part = int(self.firsts[first])
        parts = self.parts[part : part + int(counts.sum()) + 1]
        return _Axis(self.blocks[first : stop + 1], parts, counts, self.first_part + part)


@dataclass(frozen=True)
class _Grid:
    """Blocks and their parts along both sides; ``areas`` are those of the parts in pixels, (rows, columns, 1)."""

    rows: _Axis
    columns: _Axis
    areas: NDArray[np.int64]

    @property
    def block_areas(self) -> Doubles:
        """Pixels of each block."""
        return self._sums(self.areas)

    def means(self, parts: Doubles) -> Doubles:
        """Return the mean of each block from those of its parts."""
        return self._sums(parts * self.areas) / self.block_areas

    def parts(self, blocks: Doubles) -> Doubles:
        """Return the value of its block for each part."""
        return blocks.repeat(self.rows.counts, axis=0).repeat(self.columns.counts, axis=1)

    def between_centres(self, blocks: Doubles) -> Doubles:
        """Interpolate linearly between the centres of the blocks, at the centre of each part."""
        for axis, along in enumerate((self.rows, self.columns)):
            centres = (along.parts[:-1] + along.parts[1:]) / 2
            before, share = _between(along.blocks, centres)
            after = np.minimum(before + 1, len(along.counts) - 1)
            weight = share.reshape([-1, 1, 1] if axis == 0 else [1, -1, 1])
            blocks = blocks.take(before, axis) * (1 - weight) + blocks.take(after, axis) * weight
        return blocks

    def _sums(self, parts: NDArray[Any]) -> Doubles:
        by_rows = np.add.reduceat(parts, self.rows.firsts, axis=0)
        return np.asarray(np.add.reduceat(by_rows, self.columns.firsts, axis=1), np.float64)


def _pixel_sums(result: Pixels, scale: int) -> Floats:
    """Return the sum of each block of ``scale`` x ``scale`` pixels, exactly: below 2**24 in float32."""
    height, width, channels = result.shape
    rows = result.reshape(height // scale, scale, width * channels).sum(axis=1, dtype=np.float32)
    blocks = rows.reshape(-1, scale * channels) @ np.tile(np.eye(channels, dtype=np.float32), (scale, 1))
    return np.asarray(blocks.reshape(height // scale, width // scale, channels), np.float32)


def _filtered(field: Doubles, kernel: Doubles) -> Doubles:
    """Filter along both axes; beyond its edges the field goes on as it is there."""
    reach = len(kernel) // 2
    for axis in (0, 1):
        field = np.moveaxis(field, axis, 0)
        padded = np.concatenate([*[field[:1]] * reach, field, *[field[-1:]] * reach])
        weighted = [weight * padded[start : start + len(field)] for start, weight in enumerate(kernel)]
        field = np.moveaxis(np.sum(weighted, axis=0), 0, axis)
    return field


def _between_centres(bounds: Bounds, pixels: NDArray[np.int64], scale: int) -> tuple[Bounds, Floats]:
    """Return, for each given pixel of the result, the centre before it and how far it is to the next, 0 to 1."""
    before, share = _between(bounds, (pixels + 0.5) / scale)
    return before, share.astype(np.float32)


def _between(bounds: Bounds, places: Doubles) -> tuple[Bounds, Doubles]:
    """Return the same for places in pixels of the image."""
    centres = (bounds[:-1] + bounds[1:]) / 2
    found = np.interp(places, centres, np.arange(len(centres)))
    before = np.minimum(found.astype(np.int64), max(len(centres) - 2, 0))
    return before, found - before


def _add(pixels: Pixels, tones: Floats, between: tuple[Bounds, Bounds, Floats]) -> Pixels:
    """Add tones to rows of the result.

    ``between`` has, for each row, the rows of ``tones`` above and below, and how far it is to the second, 0 to 1.
    """
    most = np.iinfo(pixels.dtype).max
    pixels = np.asarray(pixels)
    lower, upper, share = between
    result = np.empty(pixels.shape, pixels.dtype)
    for top in range(0, len(pixels), _ADDED_ROWS):
        rows = slice(top, top + _ADDED_ROWS)
        below = share[rows, np.newaxis, np.newaxis]
        field = tones[lower[rows]]
        field *= 1 - below
        second = tones[upper[rows]]
        second *= below
        field += second
        field += pixels[rows]
        np.rint(field, out=field)
        np.clip(field, 0, most, out=field)
        result[rows] = field
    return result

"""Estimates of the size of a result's file from that of its source."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from upscaler.engine.imaging.formats import format_named
from upscaler.engine.model_zoo.catalogue import RRDB
from upscaler.engine.model_zoo.recipes import Recipe
from upscaler.engine.options import UpscaleOptions

# By the MIME type of the source and the format of the result, the weights of ``features``. Fitted and judged by
# `python -m bench.file_sizes`.
_WEIGHTS: Mapping[tuple[str, str], tuple[float, ...]] = {
    ("image/png", "jpeg"): (1.119, 0.452, -0.508, 0.086, -0.539),
    ("image/png", "png"): (1.271, 0.471, -0.264, 0.460),
    ("image/png", "webp"): (0.368, 0.578, -0.649, 0.220, -0.565),
    ("image/png", "tiff"): (1.328, 0.497, -0.312, 0.465),
    ("image/png", "avif"): (1.096, 0.522, -0.678, 0.173, -0.637),
    ("image/jpeg", "jpeg"): (1.641, 0.727, -0.500, 0.006, -0.551),
    ("image/jpeg", "png"): (1.922, 0.636, -0.282, 0.354),
    ("image/jpeg", "webp"): (1.041, 0.948, -0.637, 0.110, -0.583),
    ("image/jpeg", "tiff"): (2.015, 0.613, -0.286, 0.313),
    ("image/jpeg", "avif"): (1.668, 0.888, -0.684, 0.110, -0.646),
    ("image/webp", "jpeg"): (1.929, 0.561, -0.428, 0.091, -0.547),
    ("image/webp", "png"): (2.284, 0.483, -0.306, 0.449),
    ("image/webp", "webp"): (1.483, 0.746, -0.597, 0.217, -0.571),
    ("image/webp", "tiff"): (2.356, 0.459, -0.305, 0.403),
    ("image/webp", "avif"): (2.102, 0.688, -0.616, 0.191, -0.650),
    ("image/avif", "jpeg"): (2.112, 0.605, -0.525, 0.023, -0.535),
    ("image/avif", "png"): (2.405, 0.572, -0.331, 0.381),
    ("image/avif", "webp"): (1.689, 0.806, -0.654, 0.111, -0.570),
    ("image/avif", "tiff"): (2.491, 0.561, -0.351, 0.360),
    ("image/avif", "avif"): (2.287, 0.736, -0.710, 0.120, -0.639),
}


@dataclass(frozen=True)
class SourceFile:
    """What is known of an image's file before it is sent.

    Attributes:
        size_bytes: of the file.
        mime_type: as its sender names it.
    """

    size_bytes: int
    mime_type: str


def features(bits: float, scale: float, invented: float, quality: int | None) -> list[float]:
    """Return what the size of a result's file depends on; its bits per pixel are the exponential of a weighted sum.

    Args:
        bits: of the source per pixel.
        scale: side of the result per side of the image.
        invented: the share of models that invent detail; see ``share_invented``.
        quality: of the result, None for formats without.
    """
    found = [1.0, math.log(bits), math.log(scale), invented]
    return found if quality is None else [*found, math.log(101 - quality)]


def share_invented(recipe: Recipe) -> float:
    """Return the share of the result that comes from RRDB networks, which invent detail, 0 to 1."""
    return max(
        sum(
            branch.share
            for branch in stage.branches
            if any(model.architecture == RRDB for model in branch.models)
        )
        for stage in recipe.stages
    )


def estimated_bytes(
    source: SourceFile,
    size: tuple[int, int],
    result_size: tuple[int, int],
    recipe: Recipe,
    options: UpscaleOptions,
) -> int | None:
    """Return the size of a result's file, None for sources whose size says too little about it.

    Args:
        source: the file of the image.
        size: width and height of the image in pixels.
        result_size: those of the result.
        recipe: what upscales it.
        options: name the format of the result, and its quality.
    """
    kind = format_named(options.output_format)
    weights = _WEIGHTS.get((source.mime_type, kind.name))
    if weights is None:
        return None
    pixels, result_pixels = math.prod(size), math.prod(result_size)
    quality = None if kind.default_quality is None else options.quality or kind.default_quality
    known = features(
        source.size_bytes * 8 / pixels, math.sqrt(result_pixels / pixels), share_invented(recipe), quality
    )
    bits = math.exp(math.fsum(weight * value for weight, value in zip(weights, known, strict=True)))
    return math.ceil(bits * result_pixels / 8)

"""Estimates of the size of a result's file from that of its source."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from upscaler.engine.imaging.formats import FORMATS, format_named

_BY_MIME_TYPE = {kind.mime_type: kind.name for kind in FORMATS}

# By the formats of source and result, the weights of 1, the logarithms of the source's bits per pixel and of the scale,
# and, for a result with a quality, of 101 less the quality. Fitted and judged by `python -m bench.file_sizes`.
_WEIGHTS: Mapping[tuple[str, str], tuple[float, ...]] = {}


@dataclass(frozen=True)
class SourceFile:
    """What is known of an image's file before it is sent.

    Attributes:
        size_bytes: of the file.
        mime_type: as its sender names it.
    """

    size_bytes: int
    mime_type: str


def estimated_bytes(
    source: SourceFile,
    size: tuple[int, int],
    result_size: tuple[int, int],
    output_format: str,
    quality: int | None,
) -> int | None:
    """Return the size of a result's file, None for sources whose size says too little about it.

    Args:
        source: the file of the image.
        size: width and height of the image in pixels.
        result_size: those of the result.
        output_format: name of the result's format.
        quality: of the result; None for the default of its format.
    """
    kind = format_named(output_format)
    weights = _WEIGHTS.get((_BY_MIME_TYPE.get(source.mime_type, ""), kind.name))
    if weights is None:
        return None
    pixels, result_pixels = math.prod(size), math.prod(result_size)
    features = [1.0, math.log(source.size_bytes * 8 / pixels), math.log(result_pixels / pixels) / 2]
    if kind.default_quality is not None:
        features.append(math.log(101 - (quality or kind.default_quality)))
    bits = math.exp(math.fsum(weight * feature for weight, feature in zip(weights, features, strict=True)))
    return math.ceil(bits * result_pixels / 8)

"""Sizes of results' files, estimated from those of their sources."""

from __future__ import annotations

import math

import pytest

from upscaler.engine.imaging.formats import OUTPUT_FORMATS, format_named
from upscaler.engine.model_zoo.recipe_builder import recipe_for
from upscaler.engine.options import UpscaleOptions
from upscaler.services.jobs.file_sizes import SourceFile, estimated_bytes, features, share_invented

SIZE, DOUBLED = (100, 80), (200, 160)


def of(source: SourceFile, options: UpscaleOptions) -> int | None:
    return estimated_bytes(source, SIZE, DOUBLED, recipe_for(options), options)


@pytest.mark.parametrize("output_format", OUTPUT_FORMATS)
@pytest.mark.parametrize("mime_type", ["image/png", "image/jpeg", "image/webp", "image/avif"])
def test_larger_sources_and_higher_qualities_give_larger_results(mime_type: str, output_format: str) -> None:
    options = UpscaleOptions("2x", output_format=output_format)
    sizes = [of(SourceFile(size, mime_type), options) for size in (1000, 2000, 8000)]
    assert sizes == sorted(sizes)
    assert 500 < sizes[0] < sizes[-1] < 300_000
    if format_named(output_format).default_quality is not None:
        low, high = (
            of(
                SourceFile(2000, mime_type),
                UpscaleOptions("2x", output_format=output_format, quality=quality),
            )
            for quality in (50, 100)
        )
        assert low < sizes[1] < high


@pytest.mark.parametrize(
    "mime_type", ["image/bmp", "image/tiff", "image/gif", "image/heic", "text/plain", ""]
)
def test_sources_whose_size_says_little_have_no_estimate(mime_type: str) -> None:
    assert of(SourceFile(10_000, mime_type), UpscaleOptions("2x")) is None


@pytest.mark.parametrize("size", [1, 10**12])
def test_impossible_sizes_have_an_estimate_nevertheless(size: int) -> None:
    assert of(SourceFile(size, "image/png"), UpscaleOptions("2x")) >= 1


def test_the_default_quality_is_that_of_the_format() -> None:
    source = SourceFile(2000, "image/png")
    named = UpscaleOptions("2x", output_format="jpeg", quality=92)
    assert of(source, UpscaleOptions("2x", output_format="jpeg")) == of(source, named)


@pytest.mark.parametrize(
    ("options", "share"),
    [
        (UpscaleOptions("4x", "photo"), 1.0),
        (UpscaleOptions("4x", "photo", detail=25), 0.25),
        (UpscaleOptions("4x"), 0.0),
        (UpscaleOptions("2x", "photo"), 0.0),
    ],
)
def test_only_rrdb_networks_invent_detail(options: UpscaleOptions, share: float) -> None:
    assert share_invented(recipe_for(options)) == pytest.approx(share)


def test_features_are_logarithms_and_shares() -> None:
    assert features(8.0, 2.0, 0.0, None)[1:3] == [math.log(8), math.log(2)]
    assert features(8.0, 2.0, 0.0, 100)[-1] == 0.0

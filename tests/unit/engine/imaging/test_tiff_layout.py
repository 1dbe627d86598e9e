"""TIFF files of every layout, with known samples: right pixels or a clear refusal."""

from __future__ import annotations

import random

import numpy as np
import pytest

from tests.support.tiff_files import Case, Written, base_cases, stored_variants, write
from upscaler.engine.imaging.formats import TIFF
from upscaler.engine.imaging.opening import open_image
from upscaler.engine.imaging.tiff_layout import TiffLayout, TiffReader, proven_reader
from upscaler.errors import UnsupportedLayout

# How each case is stored at least: every value of every property appears.
_SPREAD = 4
_SAMPLED = 1500


def spread(cases):
    """Return some ways to store each case, other ones from case to case, so that all appear with each layout."""
    for number, case in enumerate(cases):
        variants = list(stored_variants(case))
        yield from (
            variants[(number + step * len(variants) // _SPREAD) % len(variants)] for step in range(_SPREAD)
        )


def tolerance(case: Case, levels: int) -> float:
    """Return how far a level may be from the truth: half a step, and what a division by alpha magnifies."""
    step = 1 / levels
    if case.kind == "f" and case.bits == 16:
        step = max(step, 1 / 2048)
    return (4.5 if 1 in case.extras else 0.51) * step


def check(case: Case, written: Written, path) -> bool:
    """Compare what is read with what was written; return False for a layout that is refused."""
    path.write_bytes(written.content)
    try:
        with open_image(path, TIFF) as opened:
            samples = opened.samples()
            covered = proven_reader(opened.layout)
    except UnsupportedLayout:
        return False
    assert covered is not None
    levels = np.iinfo(samples.colour.dtype).max
    shown = samples.colour / levels
    if case.photometric == "lab":
        half = (levels // 2 + 1) / levels
        written.colour[..., 1:] = (written.colour[..., 1:] + half) % (1 + 1 / levels)
    near = np.abs(shown - written.colour)
    if written.alpha is not None:
        assert samples.alpha is not None, case
        assert np.abs(samples.alpha / levels - written.alpha).max() <= tolerance(case, levels), case
        near = near * (written.alpha > 0)[..., np.newaxis]
    else:
        assert samples.alpha is None, case
    assert near.max() <= tolerance(case, levels), f"{case}: off by {near.max() * 255:.2f} of 255"
    return True


def test_every_layout_is_read_right_or_refused(tmp_path):
    cases = list(base_cases())
    read = refused = 0
    accepted = set()
    for case in spread(cases):
        if check(case, write(case), tmp_path / "a.tif"):
            read += 1
            accepted.add((case.photometric, case.kind, case.bits, case.planar, case.extras))
        else:
            refused += 1
    print(f"{len(cases)} layouts in {read + refused} files: {len(accepted)} layouts read, the others refused")  # noqa: T201 - for pytest -rP
    assert len(accepted) > 700


def test_every_way_to_store_a_layout_is_read_right(tmp_path):
    everything = [case for base in base_cases() for case in stored_variants(base)]
    sample = random.Random(7).sample(everything, _SAMPLED)  # noqa: S311 - the same sample each time
    read = sum(check(case, write(case), tmp_path / "a.tif") for case in sample)
    print(f"{_SAMPLED} of {len(everything)} ways to store a layout: {read} read, the others refused")  # noqa: T201 - for pytest -rP
    assert read > _SAMPLED // 3


@pytest.mark.parametrize(
    ("layout", "reader"),
    [
        (TiffLayout(2, (8, 8, 8)), TiffReader.TIFFFILE),
        (TiffLayout(6, (8, 8, 8), compression=7), TiffReader.LIBTIFF),
        (TiffLayout(0, (1,), compression=4), TiffReader.LIBTIFF),
        (TiffLayout(6, (8, 8, 8)), None),
        (TiffLayout(2, (5, 6, 5)), None),
        (TiffLayout(2, (8, 8)), None),
        (TiffLayout(5, (8, 8, 8, 8), ink_set=2), None),
        (TiffLayout(5, (8, 8, 8, 8), compression=7), None),
        (TiffLayout(1, (16,), compression=34712), None),
        (TiffLayout(9, (8, 8, 8)), None),
        (TiffLayout(32803, (16,)), None),
        (TiffLayout(-1, (8,)), None),
        (TiffLayout(1, (8,), sample_format=-1), None),
    ],
    ids=lambda value: value.description if isinstance(value, TiffLayout) else None,
)
def test_a_layout_has_the_reader_that_is_proven_right_for_it_or_none(layout, reader):
    assert proven_reader(layout) is reader


def test_a_refused_layout_is_described_in_a_few_words():
    assert TiffLayout(5, (16,) * 4, 2, 7).description == "CMYK, 16-bit signed, compression 7"
    assert TiffLayout(32803, (12,)).description == "camera raw, 12-bit"

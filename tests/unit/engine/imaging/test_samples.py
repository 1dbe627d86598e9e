"""Levels of any depth, and colours that alpha was multiplied into."""

from __future__ import annotations

import numpy as np
import pytest

from upscaler.engine.imaging.samples import Samples, to_alpha_free, to_levels
from upscaler.engine.notes import Note


@pytest.mark.parametrize("bits", [*range(1, 17), 32])
def test_every_depth_spreads_over_the_whole_range(bits):
    top = 2**bits - 1
    values = np.unique(np.linspace(0, top, 97).astype(np.uint64)).astype(np.uint32).reshape(1, -1)
    stored = values.astype({8: np.uint8, 16: np.uint16}.get(bits, np.uint32 if bits > 16 else np.uint16))
    levels = to_levels(stored, bits)
    white = 255 if bits <= 8 else 65535
    assert levels.dtype == (np.uint8 if bits <= 8 else np.uint16)
    assert (levels[0, 0], levels[0, -1]) == (0, white)
    assert np.abs(levels - values / top * white).max() <= 0.5


@pytest.mark.parametrize("level", [np.uint8, np.uint16])
def test_premultiplied_colour_is_divided(level):
    white = np.iinfo(level).max
    alpha = np.array([[white, white // 2, white // 4, 0]], level)
    colour = np.rint(
        np.array([1.0, 0.5, 0.5, 0.0])[np.newaxis, :, np.newaxis] * alpha[..., np.newaxis]
    ).astype(level)
    free = to_alpha_free(colour, alpha)
    np.testing.assert_allclose(
        free[0, :3, 0] / white, [1.0, 0.5, 0.5], atol=2 / 63 if level == np.uint8 else 1e-4
    )
    assert free[0, 3, 0] == 0


def test_colour_brighter_than_its_alpha_becomes_white():
    assert to_alpha_free(np.full((1, 1, 3), 200, np.uint8), np.full((1, 1), 100, np.uint8)).max() == 255


def test_notes_survive_a_reduction():
    samples = Samples(
        np.full((1, 1, 1), 65535, np.uint16), "gray", np.zeros((1, 1), np.uint16), [Note("lab_converted")]
    )
    reduced = samples.reduced()
    assert reduced.alpha is not None
    assert (reduced.colour.dtype, reduced.alpha.dtype, reduced.colour.max()) == (np.uint8, np.uint8, 255)
    assert reduced.notes == [Note("lab_converted")]

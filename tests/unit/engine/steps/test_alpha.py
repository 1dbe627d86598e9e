from __future__ import annotations

import numpy as np
import pytest

from upscaler.engine.options import UpscaleOptions
from upscaler.engine.steps.alpha import upscale_alpha
from upscaler.engine.steps.decode import decode_image


def after(job, path, factor="2x"):
    """Return the alpha channels of a job after this step."""
    one = job(path, UpscaleOptions(factor))
    decode_image(one)
    upscale_alpha(one)
    return one.alphas


def test_an_image_without_transparency_has_none_at_any_stage(job, save, colours):
    assert set(after(job, save("a.png", colours(6, 4)), "8x")) == {None}


def test_uniform_transparency_stays_as_it_is(job, save, colours):
    pixels = np.dstack([colours(6, 4), np.full((4, 6), 77, np.uint8)])

    last = after(job, save("a.png", pixels))[-1]

    assert last.shape == (8, 12)
    assert set(np.unique(last)) == {77}


@pytest.mark.parametrize(("factor", "scale"), [("2x", 2), ("4x", 4)])
def test_an_edge_is_upscaled_and_does_not_ripple(job, save, colours, factor, scale):
    alpha = np.repeat(np.array([[40] * 8 + [200] * 8], np.uint8), 12, 0)

    last = after(job, save("a.png", np.dstack([colours(16, 12), alpha])), factor)[-1]

    assert last.shape == (12 * scale, 16 * scale)
    assert (last.min(), last.max()) == (40, 200)
    assert last[0, 0] == 40
    assert last[0, -1] == 200

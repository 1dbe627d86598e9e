from __future__ import annotations

import numpy as np
import pytest

from upscaler.engine.steps.decode import decode_image
from upscaler.engine.steps.job import three_channels
from upscaler.engine.tiling.upscaler import Upscaler


@pytest.mark.parametrize(("dtype", "deep"), [(np.uint8, False), (np.uint16, True)])
def test_a_deep_image_is_upscaled_in_float32(job, save, monkeypatch, dtype, deep):
    asked = []
    monkeypatch.setattr(Upscaler, "precise", lambda _, attempts: asked.append(attempts) or "float32")
    one = job(save("a.png", np.full((4, 6), 200, dtype)))
    decode_image(one)

    chosen = one.upscaler_for(one.recipe)

    assert chosen == ("float32" if deep else one.upscaler)
    assert asked == ([one.attempts] if deep else []), "failures go into the job's own log"


def test_a_gray_image_has_three_equal_channels_in_the_memory_of_one():
    gray = np.arange(6, dtype=np.uint8).reshape(2, 3, 1)

    three = three_channels(gray)

    assert three.shape == (2, 3, 3)
    assert np.shares_memory(three, gray)
    np.testing.assert_array_equal(three[..., 0], three[..., 2])


def test_a_colour_image_stays_as_it_is(colours):
    image = colours(5, 4)

    assert np.shares_memory(three_channels(image), image)
    np.testing.assert_array_equal(three_channels(image), image)

from __future__ import annotations

import numpy as np
import pytest

from upscaler.engine.faces.align import SIDE, inverse
from upscaler.engine.faces.paste import Overlay, Patch, mask_of, reach_of, within

# A template that lies turned a little in an image of 120 x 100 pixels.
TO_TEMPLATE = inverse(np.array([[0.12, -0.03, 35.0], [0.03, 0.12, 12.0]]))


def patch_of(value, scale=2, dtype=np.uint8):
    left, top, right, bottom = (round(edge) for edge in reach_of(inverse(TO_TEMPLATE)))
    pixels = np.full(((bottom - top) * scale, (right - left) * scale, 3), value, dtype)
    return Patch(left * scale, top * scale, pixels, within(TO_TEMPLATE, left, top, scale))


def test_the_mask_is_whole_in_the_middle_nothing_outside_and_smooth_between():
    mask = mask_of(TO_TEMPLATE, 0, 0, 120, 100)[..., 0]
    left, top, right, bottom = reach_of(inverse(TO_TEMPLATE))
    x, y = inverse(TO_TEMPLATE) @ [SIDE / 2, SIDE / 2, 1]

    assert mask[int(y), int(x)] == 1
    assert mask.min() == 0
    inside = np.zeros_like(mask, bool)
    inside[int(top) : int(bottom) + 1, int(left) : int(right) + 1] = True
    assert mask[~inside].max() == 0
    assert np.abs(np.diff(mask, axis=0)).max() < 0.3
    parts = np.concatenate([mask_of(TO_TEMPLATE, 0, row, 120, 20)[..., 0] for row in range(0, 100, 20)])
    assert np.abs(parts - mask).max() < 1e-5


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_blocks_of_any_height_give_the_same_and_the_rows_below_stay_as_they_were(dtype):
    rows = np.random.default_rng(3).integers(0, np.iinfo(dtype).max, (200, 240, 3), dtype)
    before = rows.copy()
    overlay = Overlay([patch_of(200, dtype=dtype)])

    whole = overlay.laid_on(0, rows)
    blocks = np.concatenate([overlay.laid_on(top, rows[top : top + 7]) for top in range(0, 200, 7)])

    assert (whole == blocks).all()
    assert (rows == before).all()
    mask = mask_of(within(TO_TEMPLATE, 0, 0, 2), 0, 0, 240, 200)[..., 0]
    assert (whole[mask == 1] == 200).all()
    assert (whole[mask == 0] == rows[mask == 0]).all()
    assert whole.dtype == dtype


def test_rows_without_a_face_are_handed_on_as_they_are():
    rows = np.zeros((4, 240, 3), np.uint8)

    assert Overlay([patch_of(200)]).laid_on(1000, rows) is rows


def test_the_larger_face_lies_above():
    small = patch_of(50)
    large = patch_of(250)
    large = Patch(
        large.left, large.top, np.pad(large.pixels, ((0, 4), (0, 0), (0, 0)), "edge"), large.to_template
    )

    for patches in ([small, large], [large, small]):
        assert Overlay(patches).laid_on(0, np.zeros((200, 240, 3), np.uint8)).max() == 250

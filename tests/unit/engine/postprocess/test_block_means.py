from __future__ import annotations

import itertools

import numpy as np
import pytest

from upscaler.engine.postprocess.block_means import BlockSums, bounds_of


@pytest.mark.parametrize("level", [np.uint8, np.uint16])
@pytest.mark.parametrize("step", [1, 7, 20, 61])
def test_the_means_do_not_depend_on_how_the_image_was_cut(step, level):
    most = np.iinfo(level).max
    image = np.random.default_rng(5).integers(0, most, (61, 43, 3), level, endpoint=True)
    rows, columns = bounds_of(61, 4), bounds_of(43, 3)
    blocks = BlockSums(rows, columns, 3)
    for top in range(0, 61, step):
        for left in range(0, 43, step):
            blocks.add(top, left, image[top : top + step, left : left + step])
    expected = [
        [image[a:b, c:d].mean(axis=(0, 1)) for c, d in itertools.pairwise(columns)]
        for a, b in itertools.pairwise(rows)
    ]
    np.testing.assert_allclose(blocks.means(), expected)


def test_bounds_are_balanced_and_cover_the_side():
    assert bounds_of(10, 3).tolist() == [0, 3, 7, 10]
    assert bounds_of(1, 1).tolist() == [0, 1]

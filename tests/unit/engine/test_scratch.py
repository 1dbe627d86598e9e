from __future__ import annotations

import numpy as np

from upscaler.engine.scratch import scratch_pixels


def test_it_gives_zeros_that_can_be_written_and_leaves_no_name(tmp_path):
    pixels = scratch_pixels((30, 40, 3), tmp_path)
    assert (pixels.shape, pixels.dtype, int(pixels.sum())) == ((30, 40, 3), np.uint8, 0)
    pixels[10, 20] = (1, 2, 3)
    assert pixels[10, 20].tolist() == [1, 2, 3]
    assert list(tmp_path.iterdir()) == []

from __future__ import annotations

import pytest

from upscaler.engine.imaging.headers import avif_bit_depth


@pytest.mark.parametrize(
    ("head", "bits"),
    [(b"av1C\x81\x00\x00", 8), (b"av1C\x81\x00\x40", 10), (b"av1C\x81\x00\x60", 12), (b"", 8)],
)
def test_the_depth_of_an_avif_is_in_its_configuration(head, bits):
    assert avif_bit_depth(None, head) == bits

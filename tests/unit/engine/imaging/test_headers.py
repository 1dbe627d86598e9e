from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from upscaler.engine.imaging.headers import avif_bit_depth, webp_size
from upscaler.errors import DamagedImage


def encoded_webp(size: tuple[int, int], **options) -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), np.uint8)
    Image.fromarray(noise).save(buffer, "webp", **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "options", [{"lossless": True}, {"quality": 50}, {"exif": Image.Exif()}, {"icc_profile": b"x" * 9}]
)
@pytest.mark.parametrize("size", [(1, 1), (40, 30), (300, 7)])
def test_it_reads_the_size_in_every_kind_of_webp_header(size, options):
    assert webp_size(encoded_webp(size, **options)[:64]) == size


@pytest.mark.parametrize("head", [b"RIFF\0\0\0\0WEBPVP8L", b"RIFF\0\0\0\0WEBPALPH" + bytes(20)])
def test_a_webp_header_without_a_size_is_damaged(head):
    with pytest.raises(DamagedImage):
        webp_size(head)


@pytest.mark.parametrize(
    ("head", "bits"),
    [(b"av1C\x81\x00\x00", 8), (b"av1C\x81\x00\x40", 10), (b"av1C\x81\x00\x60", 12), (b"", 8)],
)
def test_the_depth_of_an_avif_is_in_its_configuration(head, bits):
    assert avif_bit_depth(None, head) == bits

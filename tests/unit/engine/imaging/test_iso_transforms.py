"""Crops, turns and reflections of AVIF and HEIC files."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.support.iso_files import clap, imir, irot
from upscaler.engine.imaging.iso_transforms import (
    UnusualTransformsError,
    crop_and_orientation,
    crop_of,
    size_after,
)
from upscaler.engine.imaging.orientation import upright
from upscaler.errors import DamagedImage


def as_boxes(*transforms: bytes) -> list[tuple[bytes, bytes]]:
    return [(box[4:8], box[8:]) for box in transforms]


@pytest.mark.parametrize(("quarters", "axis"), list(itertools.product(range(4), (None, 0, 1))))
def test_turns_and_reflections_are_one_exif_orientation(quarters, axis):
    pixels = np.arange(6).reshape(2, 3)
    expected = np.rot90(pixels, quarters)
    if axis is not None:
        expected = expected[:, ::-1] if axis else expected[::-1]
    boxes = as_boxes(irot(quarters), *([] if axis is None else [imir(axis)]))
    crop, orientation = crop_and_orientation((3, 2), boxes)
    assert crop == (0, 0, 3, 2)
    np.testing.assert_array_equal(upright(pixels, orientation), expected)
    assert size_after((3, 2), boxes) == expected.shape[::-1]


@pytest.mark.parametrize(
    ("crop", "place"),
    [
        (clap(40, 20, ((0, 1), (0, 1))), (12, 22, 40, 20)),
        (clap(40, 20, ((4, 1), (-6, 1))), (16, 16, 40, 20)),
        (clap(41, 21, ((1, 2), (-3, 2))), (12, 20, 41, 21)),
        (clap(64, 64, ((0, 1), (0, 1))), (0, 0, 64, 64)),
    ],
)
def test_a_crop_is_around_its_centre(crop, place):
    assert crop_of((64, 64), crop[8:]) == place
    assert size_after((64, 64), as_boxes(crop, irot(1))) == (place[3], place[2])


def test_a_crop_by_parts_of_pixels_is_unusual():
    with pytest.raises(UnusualTransformsError):
        crop_of((64, 64), clap(41, 20, ((0, 1), (0, 1)))[8:])


@pytest.mark.parametrize("content", [b"", bytes(32), clap(70, 20, ((0, 1), (0, 1)))[8:]])
def test_a_crop_that_makes_no_sense_is_damage(content):
    with pytest.raises(DamagedImage):
        crop_of((64, 64), content)


@pytest.mark.parametrize(
    "transforms",
    [[imir(0), irot(1)], [irot(1), clap(4, 4, ((0, 1), (0, 1)))], [irot(1), irot(1)], [imir(0), imir(1)]],
)
def test_another_order_is_unusual(transforms):
    with pytest.raises(UnusualTransformsError):
        crop_and_orientation((64, 64), as_boxes(*transforms))


def test_in_any_order_the_size_is_known():
    boxes = as_boxes(irot(1), clap(20, 30, ((0, 1), (0, 1))), irot(3))
    assert size_after((64, 48), boxes) == (30, 20)

from __future__ import annotations

import math

import numpy as np
import pytest

from upscaler.engine.faces.align import SIDE, TEMPLATE, aligning, inverse, resized, sampled, scale_of, shifted
from upscaler.engine.faces.detect import find_faces


def through(way, points):
    return np.c_[np.array(points), np.ones(len(points))] @ way.T


@pytest.mark.parametrize(("angle", "scale"), [(0, 1), (25, 0.2), (-140, 3), (90, 0.05)])
def test_landmarks_that_were_turned_scaled_and_moved_come_back_to_the_template(angle, scale):
    cos, sin = (scale * turn(math.radians(angle)) for turn in (math.cos, math.sin))
    moved = np.array(TEMPLATE) @ [[cos, sin], [-sin, cos]] + [700, -30]

    way = aligning(moved)

    assert np.abs(through(way, moved) - TEMPLATE).max() < 1e-6
    assert scale_of(way) == pytest.approx(1 / scale)
    assert np.abs(through(inverse(way), TEMPLATE) - moved).max() < 1e-6
    assert np.abs(through(shifted(way, 5, 7), moved - [5, 7]) - TEMPLATE).max() < 1e-6


def test_no_other_turn_scale_and_shift_is_nearer(detector, portrait):
    (face,) = find_faces(portrait, detector)
    way = aligning(face.landmarks)
    away = ((through(way, face.landmarks) - TEMPLATE) ** 2).sum()

    assert np.sqrt(away / 5) < 0.05 * SIDE, "no face is the template itself"
    for change in ([[1, 0], [0, 1]], [[1, -1], [1, 1]]):
        for by in (-0.01, 0.01):
            other = way + np.c_[np.array(change) * by, [0, 0]]
            assert ((through(other, face.landmarks) - TEMPLATE) ** 2).sum() > away
    for shift in ([1, 0], [0, -1]):
        other = way + np.c_[np.zeros((2, 2)), shift]
        assert ((through(other, face.landmarks) - TEMPLATE) ** 2).sum() > away


def test_equal_landmarks_are_no_trouble():
    assert np.isfinite(aligning([(5.0, 5.0)] * 5)).all()


def test_pixels_come_from_where_the_map_leads():
    rows, columns = np.mgrid[0:40, 0:60].astype(np.float32)
    ramp = np.stack([columns + 0.5, rows + 0.5], axis=-1)
    way = np.array([[0.5, -0.1, 12], [0.1, 0.5, 7]])

    result = sampled(ramp, way, (30, 20))

    y, x = np.mgrid[0:20, 0:30] + 0.5
    expected = np.stack([0.5 * x - 0.1 * y + 12, 0.1 * x + 0.5 * y + 7], axis=-1)
    assert np.abs(result - expected).max() < 0.06


def test_fine_texture_does_not_flicker_when_made_smaller():
    checks = (np.indices((64, 64)).sum(axis=0) % 2 * 200).astype(np.float32)[..., np.newaxis]

    result = sampled(checks, np.array([[4.0, 0, 0], [0, 4.0, 0]]), (16, 16))

    assert np.abs(result[2:-2, 2:-2] - 100).max() < 5
    assert resized(checks, (8, 4)).shape == (4, 8, 1)

from __future__ import annotations

import numpy as np
from PIL import Image

from upscaler.engine.faces.boxes import best_of, cut_out, moved, squared

BOXES = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [20, 20, 30, 30], [2, 2, 5, 5]], np.float32)


def test_of_boxes_that_cover_each_other_the_best_stays():
    scores = np.array([0.8, 0.9, 0.7, 0.6], np.float32)

    assert best_of(BOXES, scores, 0.5).tolist() == [1, 2, 3]
    assert best_of(BOXES, scores, 0.5, of_smaller=True).tolist() == [1, 2]
    assert best_of(BOXES[:0], scores[:0], 0.5).tolist() == []


def test_of_equals_the_first_stays():
    assert best_of(BOXES[:2], np.ones(2, np.float32), 0.5).tolist() == [0]


def test_edges_move_by_shares_of_the_sides():
    by = np.array([[0.1, -0.2, 0, 0.5]], np.float32)

    assert moved(np.array([[10, 20, 30, 60]], np.float32), by).tolist() == [[12, 12, 30, 80]]


def test_a_box_grows_to_a_square_around_its_centre():
    assert squared(np.array([[10, 20, 30, 60]], np.float32)).tolist() == [[0, 20, 40, 60]]


def test_what_lies_beyond_the_image_is_black():
    image = Image.new("RGB", (20, 20), (200, 100, 50))

    windows = cut_out(image, np.array([[-20, 0, 20, 40], [5, 5, 5, 5]], np.float32), 8)

    assert windows.shape == (2, 8, 8, 3)
    assert windows[0, 2, 6].tolist() == [200, 100, 50]
    assert windows[0, 2, 1].tolist() == windows[0, 6, 6].tolist() == [0, 0, 0]
    assert windows[1, 4, 4].tolist() == [200, 100, 50]

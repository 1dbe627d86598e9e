from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from skimage import data

from upscaler.engine.faces.detect import LEAST_EYE_DISTANCE, find_faces

# Looked up by eye in the image of scikit-image: eyes, nose, corners of the mouth, and the face from brow to chin.
ASTRONAUT = ((204, 103), (248, 103), (226, 127), (203, 139), (246, 142))
BOX = (180, 65, 265, 172)


def test_it_finds_the_face_and_its_landmarks(detector):
    (face,) = find_faces(data.astronaut(), detector)

    assert np.abs(np.array(face.landmarks) - ASTRONAUT).max() < 6
    assert np.abs(np.array(face.box) - BOX).max() < 16
    assert face.score > 0.99


@pytest.mark.parametrize("name", ["coffee", "text", "chelsea", "brick", "hubble_deep_field", "rocket"])
def test_it_finds_none_where_there_is_none(detector, name):
    image = getattr(data, name)()
    if image.ndim == 2:
        image = np.repeat(image[..., np.newaxis], 3, axis=2)

    assert find_faces(image, detector) == []


def test_16_bits_and_gray_make_no_difference(detector):
    image = data.astronaut()
    deep = image.astype(np.uint16) * 257
    gray = np.repeat(np.asarray(Image.fromarray(image).convert("L"))[..., np.newaxis], 3, axis=2)

    (face,), (same,), (in_gray,) = (find_faces(one, detector) for one in (image, deep, gray))

    assert same == face
    assert np.abs(np.array(in_gray.landmarks) - np.array(face.landmarks)).max() < 5


def test_an_image_that_is_larger_than_what_is_searched_gives_its_own_coordinates(detector):
    larger = np.asarray(Image.fromarray(data.astronaut()).resize((2560, 2560)))

    (face,) = find_faces(larger, detector)

    assert np.abs(np.array(face.landmarks) / 5 - ASTRONAUT).max() < 6


def test_the_largest_comes_first_and_a_tiny_one_does_not_count(detector, portrait):
    wide = np.full((260, 560, 3), 128, np.uint8)
    wide[20:210, 10:180] = portrait
    for size, left in (((102, 114), 230), ((51, 57), 400)):
        wide[60 : 60 + size[1], left : left + size[0]] = np.asarray(Image.fromarray(portrait).resize(size))

    faces = find_faces(wide, detector)

    assert [face.landmarks[2][0] // 200 for face in faces] == [0, 1]
    assert faces[0].eye_distance > faces[1].eye_distance > LEAST_EYE_DISTANCE


def test_a_face_at_the_border_reaches_beyond_it(detector):
    cut = np.ascontiguousarray(data.astronaut()[:, 190:])

    (face,) = find_faces(cut, detector)

    assert face.box[0] < 0
    assert np.abs(np.array(face.landmarks) + np.array([190, 0]) - ASTRONAUT).max() < 8


@pytest.mark.parametrize("size", [(1, 1), (5, 300), (20, 20)])
def test_an_image_that_is_too_small_has_none(detector, size):
    assert find_faces(np.full((*size, 3), 200, np.uint8), detector) == []

"""Detection of the faces of an image, with their eyes, nose and mouth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from upscaler.engine.faces.boxes import Floats, best_of, cut_out, moved, squared
from upscaler.engine.faces.mtcnn import Mtcnn
from upscaler.engine.imaging.image import Pixels, as_8_bits

# A face counts when its eyes are that many pixels apart: below it there is nothing to restore it from.
LEAST_EYE_DISTANCE = 16
MOST_FACES = 64
# Pixels that are searched; a larger image is downscaled first. The first, largest step takes 0.36 of them, in a network
# whose widest layer keeps 10 floats of each: about 30 MB.
_SEARCHED_PIXELS = 2_000_000
# Smallest face in pixels that is searched for. Eyes are 0.4 to 0.5 of a face's width apart.
_LEAST_FACE = 24
# The first network's window and the distance between two of them, in pixels.
_WINDOW, _STRIDE = 12, 2
_STEP = 0.709  # from one size of face to the next, about half the area, as its authors have it
# Windows of one size that are kept, best first: more would be noise and cost time.
_MOST_WINDOWS = 1000
# The least scores of the three detector. The last one is strict: a face that is overlooked stays as it is, while eyes
# would be drawn on anything else that is taken for one.
_THRESHOLDS = (0.6, 0.7, 0.95)


@dataclass(frozen=True)
class Face:
    """A face.

    Attributes:
        box: left, top, right and bottom in pixels; it may reach beyond the image.
        landmarks: x and y in pixels of the eye on the left of the image, the one on the right, the nose, the left
            and the right corner of the mouth.
        score: confidence that it is one, 0 to 1.

    """

    box: tuple[float, float, float, float]
    landmarks: tuple[tuple[float, float], ...]
    score: float

    @property
    def eye_distance(self) -> float:
        """Pixels between the eyes."""
        return math.dist(self.landmarks[0], self.landmarks[1])

    def lies_in(self, width: int, height: int) -> bool:
        """Whether its nose is in an image of that size: beyond it there is nothing to refine."""
        x, y = self.landmarks[2]
        return 0 <= x < width and 0 <= y < height


def find_faces(rgb: Pixels, detector: Mtcnn) -> list[Face]:
    """Return the faces of uint8 or uint16 (H, W, 3) that are large enough, the largest ``MOST_FACES`` of them."""
    image, reduction = _searched(rgb)
    boxes = _proposed(image, detector, _LEAST_FACE)
    if len(boxes):
        boxes = _refined(image, detector, boxes)
    faces = _confirmed(image, detector, boxes, reduction) if len(boxes) else []
    height, width, _ = rgb.shape
    large = [
        face for face in faces if face.eye_distance >= LEAST_EYE_DISTANCE and face.lies_in(width, height)
    ]
    return sorted(large, key=lambda face: -face.eye_distance)[:MOST_FACES]


def _searched(rgb: Pixels) -> tuple[Image.Image, tuple[float, float]]:
    """Return the image in 8 bits at a size to search, and the factors by which it was larger: width, height."""
    height, width, _ = rgb.shape
    share = math.sqrt(min(1.0, _SEARCHED_PIXELS / (height * width)))
    size = (max(1, round(width * share)), max(1, round(height * share)))
    # Every second, third, ... pixel of a far larger image first: Pillow would copy all of it.
    step = max(1, math.floor(0.5 / share))
    image = Image.fromarray(np.ascontiguousarray(as_8_bits(rgb[::step, ::step])))
    if image.size != size:
        image = image.resize(size, Image.Resampling.BOX)
    return image, (width / size[0], height / size[1])


def _proposed(image: Image.Image, detector: Mtcnn, least: int) -> Floats:
    """Search for faces of ``least`` pixels on, size by size."""
    found, scores = [np.empty((0, 4), np.float32)], [np.empty(0, np.float32)]
    share = _WINDOW / least
    while min(image.size) * share >= _WINDOW:
        size = (math.ceil(image.width * share), math.ceil(image.height * share))
        smaller = np.asarray(image.resize(size, Image.Resampling.BILINEAR))
        score, moves = detector.proposals(smaller)
        rows, columns = np.nonzero(score >= _THRESHOLDS[0])
        best = np.argsort(-score[rows, columns], kind="stable")[:_MOST_WINDOWS]
        rows, columns = rows[best], columns[best]
        corners = np.stack([columns, rows], axis=1).astype(np.float32) * _STRIDE
        boxes = np.concatenate([corners, corners + _WINDOW], axis=1) / np.float32(share)
        kept = best_of(boxes, score[rows, columns], 0.5)
        found.append(moved(boxes[kept], moves[rows, columns][kept]))
        scores.append(score[rows, columns][kept])
        share *= _STEP
    boxes = np.concatenate(found)
    return squared(boxes[best_of(boxes, np.concatenate(scores), 0.7)])


def _refined(image: Image.Image, detector: Mtcnn, boxes: Floats) -> Floats:
    scores, moves = detector.refined(cut_out(image, boxes, 24))
    sure = scores > _THRESHOLDS[1]
    boxes, scores, moves = boxes[sure], scores[sure], moves[sure]
    kept = best_of(boxes, scores, 0.7)
    return squared(moved(boxes[kept], moves[kept]))


def _confirmed(
    image: Image.Image, detector: Mtcnn, boxes: Floats, reduction: tuple[float, float]
) -> list[Face]:
    scores, moves, landmarks = detector.confirmed(cut_out(image, boxes, 48))
    sure = scores > _THRESHOLDS[2]
    boxes, scores, moves, landmarks = boxes[sure], scores[sure], moves[sure], landmarks[sure]
    points = boxes[:, np.newaxis, :2] + landmarks * (boxes[:, 2:] - boxes[:, :2])[:, np.newaxis]
    boxes = moved(boxes, moves)
    grown = np.array(reduction, np.float32)
    return [
        Face(
            box=(*(boxes[one, :2] * grown).tolist(), *(boxes[one, 2:] * grown).tolist()),
            landmarks=tuple((float(x), float(y)) for x, y in points[one] * grown),
            score=float(scores[one]),
        )
        for one in best_of(boxes, scores, 0.7, of_smaller=True)
    ]

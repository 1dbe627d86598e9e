"""Refine the faces of an image: find them, restore each from the image's own pixels, and check the result."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from upscaler.engine.devices.attempts import AttemptLog
from upscaler.engine.faces.align import SIDE, Map, aligning, inverse, sampled, scale_of, shifted
from upscaler.engine.faces.boxes import Floats
from upscaler.engine.faces.detect import Face, find_faces
from upscaler.engine.faces.paste import Patch, mask_of, reach_of, within
from upscaler.engine.faces.quality import check_features, check_patch, match_colours
from upscaler.engine.faces.report import BUNDLED, FACE_MODEL, Reason, Refinement
from upscaler.engine.faces.restore import FaceModel, FaceModels
from upscaler.engine.imaging.image import Pixels, to_luma, white_of
from upscaler.engine.model_zoo.recipes import Recipe
from upscaler.engine.receipt import describe_model
from upscaler.engine.tiling.scratch import Scratch
from upscaler.engine.tiling.upscaler import Upscaler
from upscaler.errors import EngineCanceled, EngineUnavailable, OutputRejected

_log = logging.getLogger(__name__)

# Pixels around a face that the bundled models get besides it.
_MARGIN = 32
# The bundled models gain up to half a dB on faces whose eyes are 16 pixels apart, and next to nothing where they are
# 50: see docs/adr/0017-faces-are-restored-from-the-original.md.
_BUNDLED_MOST_EYE_DISTANCE = 48
# Pixels of a patch that are made at once, to keep temporary arrays small.
_BLOCK_PIXELS = 1_000_000


@dataclass(frozen=True)
class FaceWork:
    """The input of the refinement.

    Attributes:
        source: uint8 or uint16 (H, W, 3).
        channels: of the upscaled image, 1 for a gray image.
        scale: output side per input side.
        faces: the models for faces.
        upscaler: runs ``bundled``, in a precision that suits the image.
        bundled: the recipe where no face model is installed, None where nothing is better than the recipe of the whole
            image.
        scratch: holds the refined faces.
        on_progress: called with the share that is done, 0 to 1.
        should_stop: asked between faces and tiles.
        attempts: of the job.

    """

    source: Pixels
    channels: int
    scale: int
    faces: FaceModels
    upscaler: Upscaler
    bundled: Recipe | None
    scratch: Scratch
    on_progress: Callable[[float], None]
    should_stop: Callable[[], bool]
    attempts: AttemptLog


@dataclass(frozen=True)
class _Region:
    """The part of the image that a refined face may change, in whole pixels."""

    left: int
    top: int
    right: int
    bottom: int
    to_template: Map  # from the image's coordinates

    def of(self, pixels: Pixels) -> Pixels:
        return pixels[self.top : self.bottom, self.left : self.right]


def stage_for_faces(recipe: Recipe) -> tuple[int, int]:
    """Return the number of the first stage that upscales, or the last one, and the scale of the image after it."""
    stages = recipe.stages
    number = next((number for number, stage in enumerate(stages) if stage.scale > 1), len(stages) - 1)
    return number, stages[number].scale


def refine_faces(work: FaceWork) -> Refinement:
    """Find and refine faces.

    Raises:
        EngineCanceled: ``should_stop`` returned True.

    """
    refinement = Refinement()
    try:
        faces = find_faces(work.source, work.faces.detector())
    except EngineUnavailable as error:
        _log.warning("faces are not refined: %s", error.internal_detail)
        refinement.searched = False
        return refinement
    refinement.found = len(faces)
    if not faces:
        return refinement
    try:
        restorer = work.faces.restorer()
    except EngineUnavailable as error:
        _log.warning("faces are not refined: %s", error.internal_detail)
        refinement.left[Reason.NETWORK_FAILED] = len(faces)
        return refinement
    if restorer is None and work.bundled is None:
        refinement.left[Reason.NOTHING_BETTER] = len(faces)
        return refinement
    refinement.model = _described(restorer, work.bundled)
    for number, face in enumerate(faces):
        if work.should_stop():
            raise EngineCanceled
        _refine(work, restorer, face, refinement)
        work.on_progress((number + 1) / len(faces))
    return refinement


def _described(restorer: FaceModel | None, bundled: Recipe | None) -> dict[str, Any]:
    if restorer is not None:
        return {"kind": FACE_MODEL, **describe_model(restorer.model)}
    assert bundled is not None  # noqa: S101 - one of both is there; for mypy
    return {
        "kind": BUNDLED,
        "name": bundled.name,
        "models": [describe_model(one) for one in bundled.models],
    }


def _refine(work: FaceWork, restorer: FaceModel | None, face: Face, refinement: Refinement) -> None:
    to_template = aligning(face.landmarks)
    region = _region(to_template, work.source)
    if face.eye_distance > _BUNDLED_MOST_EYE_DISTANCE if restorer is None else scale_of(to_template) < 1:
        # A face model knows one size only: its result would have less detail than the image has.
        refinement.left[Reason.LARGE] += 1
        return
    original = region.of(work.source)
    levels = _levels(original)
    if work.channels == 1:
        original, levels = original[..., :1], to_luma(levels)
    height, width, _ = original.shape
    mask = mask_of(to_template, region.left, region.top, width, height)
    shape = (height * work.scale, width * work.scale, work.channels)
    pixels = work.scratch.pixels(shape, work.source.dtype)
    try:
        if restorer is not None:
            _restore(work, restorer, region, pixels)
        else:
            _upscale(work, region, pixels)
        check_features(levels, pixels, mask)
        match_colours(levels, pixels, mask)
        check_patch(original, pixels, mask, work.scale)
    except (OutputRejected, EngineUnavailable) as error:
        _log.warning("a face is left as it was: %s", error.internal_detail)
        rejected = isinstance(error, OutputRejected)
        refinement.left[Reason.NOT_THE_SAME if rejected else Reason.NETWORK_FAILED] += 1
        return
    left, top = region.left * work.scale, region.top * work.scale
    placed = within(to_template, region.left, region.top, work.scale)
    refinement.patches.append(Patch(left, top, pixels, placed))


def _region(to_template: Map, source: Pixels) -> _Region:
    left, top, right, bottom = reach_of(inverse(to_template))
    height, width, _ = source.shape
    return _Region(
        max(0, math.floor(left)),
        max(0, math.floor(top)),
        min(width, math.ceil(right)),
        min(height, math.ceil(bottom)),
        to_template,
    )


def _levels(pixels: Pixels) -> Floats:
    """Return levels from 0 to 255, with fractions where there were 16 bits."""
    return np.asarray(pixels, np.float32) * np.float32(255 / white_of(pixels))


def _restore(work: FaceWork, restorer: FaceModel, region: _Region, target: Pixels) -> None:
    """Restore the aligned face with the face model and turn the result back."""
    share = restorer.side / SIDE
    aligned = _aligned(work.source, region.to_template * share, restorer.side)
    restored = restorer.restore(aligned)
    if work.channels == 1:
        restored = to_luma(restored)
    # From the patch's pixels to the restored square's.
    to_square = within(region.to_template, region.left, region.top, work.scale) * share
    height, width, _ = target.shape
    step = max(1, _BLOCK_PIXELS // width)
    for top in range(0, height, step):
        rows = target[top : top + step]
        part = sampled(restored, shifted(to_square, 0, top), (width, rows.shape[0]))
        rows[:] = np.rint(np.clip(part, 0, 255) * np.float32(white_of(target) / 255))


def _aligned(source: Pixels, to_square: Map, side: int) -> Floats:
    """Return the square of an aligned face, (side, side, 3) levels; beyond the image lies its reflection."""
    to_image = inverse(to_square)
    corners = np.array([[x, y, 1.0] for x in (0, side) for y in (0, side)]) @ to_image.T
    # Two more pixels, for smooth sampling.
    left, top = (math.floor(edge) - 2 for edge in corners.min(axis=0))
    right, bottom = (math.ceil(edge) + 2 for edge in corners.max(axis=0))
    height, width, _ = source.shape
    inside = source[max(0, top) : bottom, max(0, left) : right]
    pads = ((max(0, -top), max(0, bottom - height)), (max(0, -left), max(0, right - width)), (0, 0))
    padded = np.pad(_levels(inside), pads, mode="symmetric")
    to_padded = to_image - [[0, 0, left], [0, 0, top]]
    return np.clip(sampled(padded, to_padded, (side, side)), 0, 255)


def _upscale(work: FaceWork, region: _Region, target: Pixels) -> None:
    """Upscale the face and its surroundings with the bundled models, finer than needed where that is better."""
    assert work.bundled is not None  # noqa: S101 - the caller has checked it; for mypy
    height, width, _ = work.source.shape
    left, top = max(0, region.left - _MARGIN), max(0, region.top - _MARGIN)
    crop = work.source[top : min(height, region.bottom + _MARGIN), left : min(width, region.right + _MARGIN)]
    shape = (crop.shape[0] * work.scale, crop.shape[1] * work.scale, target.shape[2])
    upscaled = work.scratch.pixels(shape, target.dtype)
    work.upscaler.upscale(crop, work.bundled, upscaled, should_stop=work.should_stop, attempts=work.attempts)
    first_row, first_column = (region.top - top) * work.scale, (region.left - left) * work.scale
    target[:] = upscaled[first_row:, first_column:][: target.shape[0], : target.shape[1]]

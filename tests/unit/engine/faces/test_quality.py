from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from upscaler.engine.faces.quality import check_features, check_patch, downscaled, match_colours
from upscaler.errors import OutputRejected

SCALE = 3


@pytest.fixture
def face(portrait):
    """The face alone, with everything counting."""
    cut = portrait[25:165, 20:150]
    return cut, cut.astype(np.float32), np.ones((*cut.shape[:2], 1), np.float32)


def upscaled(face, dtype=np.uint8):
    image = Image.fromarray(face).resize(
        (face.shape[1] * SCALE, face.shape[0] * SCALE), Image.Resampling.BICUBIC
    )
    return np.array(image).astype(dtype) * np.array(257 if dtype == np.uint16 else 1, dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_true_upscale_passes(face, dtype):
    original, levels, mask = face
    patch = upscaled(original, dtype)

    check_features(levels, patch, mask)
    check_patch(original if dtype == np.uint8 else original.astype(dtype) * dtype(257), patch, mask, SCALE)
    assert np.abs(downscaled(patch, levels) - levels).mean() < 3


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_tint_is_removed_and_detail_stays(face, dtype):
    original, levels, mask = face
    truth = upscaled(original, dtype)
    white = np.iinfo(dtype).max
    # Redder everywhere, and darker towards the right.
    tint = np.array([0.1, -0.06, 0.03]) * white - np.linspace(0, 0.1, truth.shape[1])[:, np.newaxis] * white
    tinted = np.clip(truth + tint, 0, white).astype(dtype)
    assert np.abs(downscaled(tinted, levels) - levels).mean() > 12

    match_colours(levels, tinted, mask)

    away = downscaled(tinted, levels) - levels
    assert np.abs(away.mean(axis=(0, 1))).max() < 1
    assert np.abs(away).mean() < 3


def test_colours_are_matched_where_the_mask_counts_only(face):
    original, levels, mask = face
    mask = mask.copy()
    mask[:, :65] = 0
    wrong = upscaled(original)
    wrong[:, : 65 * SCALE] = 0

    match_colours(levels, wrong, mask)

    assert np.abs(downscaled(wrong, levels) - levels)[:, 75:].mean() < 3


@pytest.mark.parametrize(
    "spoil",
    [
        lambda patch: np.full_like(patch, 120),
        np.zeros_like,
        lambda patch: patch[::-1],
        lambda patch: 255 - patch,
        lambda patch: np.roll(patch, patch.shape[0] // 6, axis=0),
        lambda patch: np.broadcast_to(patch.mean(axis=(0, 1)).astype(np.uint8), patch.shape),
        lambda patch: np.random.default_rng(1).integers(0, 256, patch.shape, np.uint8),
    ],
    ids=["flat", "black", "upside down", "negative", "shifted", "mean", "noise"],
)
def test_another_face_or_none_is_rejected(face, spoil):
    original, levels, mask = face

    with pytest.raises(OutputRejected, match="features"):
        check_features(levels, np.ascontiguousarray(spoil(upscaled(original))), mask)


def test_a_face_that_was_wiped_away_is_rejected_though_its_colours_match(face):
    original, levels, mask = face
    height, width, _ = original.shape
    wiped = Image.fromarray(original).resize((6, 6), Image.Resampling.BOX)
    patch = np.array(wiped.resize((width * SCALE, height * SCALE), Image.Resampling.BICUBIC))

    match_colours(levels, patch, mask)
    with pytest.raises(OutputRejected, match="features"):
        check_features(levels, patch, mask)

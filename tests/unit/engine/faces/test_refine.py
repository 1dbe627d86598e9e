"""Whole upscaled images: what a face model may change, and what it may not."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageFilter
from skimage import data

from tests.support.face_models import add_face_model
from upscaler.engine.faces.align import aligning
from upscaler.engine.faces.detect import find_faces
from upscaler.engine.faces.paste import mask_of, within
from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.model_zoo.recipes import Recipe
from upscaler.engine.notes import Note
from upscaler.errors import EngineCanceled

# More contrast: plainly another face, and plainly the same one.
VIVID = {"factor": 1.25}
DULL = {"factor": 0.0, "tint": (0.1, 0.1, 0.1)}


def mask_for(photo, scale, detector):
    """Return how much each pixel of the upscaled image may change."""
    (face,) = find_faces(photo[..., :3], detector)
    height, width = photo.shape[:2]
    return mask_of(within(aligning(face.landmarks), 0, 0, scale), 0, 0, width * scale, height * scale)[..., 0]


def difference(first, second):
    return np.abs(first.pixels[..., :3] - second.pixels[..., :3]).max(axis=-1)


@pytest.mark.parametrize("side", [512, 256])
def test_a_face_model_changes_the_face_and_nothing_else(run, models, portrait, detector, side):
    manifest = add_face_model(models, "vivid", side=side, **VIVID)
    photo = np.pad(portrait, ((0, 60), (90, 90), (0, 0)), mode="edge")
    plain = run(photo, refine_faces=False)

    result = run(photo)

    mask, changed = mask_for(photo, 2, detector), difference(plain, result)
    assert changed[mask > 0.9].mean() > 3
    # Parts of 8 px that the mask touches share in the correction of tones; beyond them only slow ones follow.
    touched = np.asarray(Image.fromarray(mask > 0).convert("L").filter(ImageFilter.MaxFilter(2 * 2 * 8 + 1)))
    assert changed[touched == 0].max() <= 3
    assert changed[(mask == 0) & (touched > 0)].mean() < 1
    assert changed[:, :60].max() == 0
    assert result.faces["found"] == result.faces["refined"] == 1
    assert result.faces["model"]["name"] == "vivid"
    assert result.faces["model"]["bin_sha256"] == manifest.sha256["model.onnx"]
    assert result.receipt["changed"] == [
        Note("faces_refined", {"refined": 1, "found": 1, "model": "vivid"}).as_dict()
    ]
    assert json.dumps(result.receipt)
    assert "faces" not in plain.receipt


def test_a_model_that_changes_nothing_gives_the_image_back(run, models, portrait):
    add_face_model(models)

    reduced = Image.fromarray(run(portrait, "4x").pixels.astype(np.uint8)).reduce(4)

    assert np.abs(np.asarray(reduced).astype(int) - portrait).mean() < 2


def test_a_tint_of_the_model_does_not_show(run, models, portrait):
    plain = run(portrait, refine_faces=False)
    add_face_model(models, tint=(0.3, -0.2, 0.1))

    result = run(portrait)

    assert result.faces["refined"] == 1
    away = result.pixels - plain.pixels
    assert np.abs(away.mean(axis=(0, 1))).max() < 1
    assert np.abs(away).mean() < 2


@pytest.mark.parametrize("broken", [DULL, {"factor": float("nan")}, {"mirrored": True}, {"factor": -1.0}])
def test_a_broken_model_leaves_the_ordinary_upscale_to_the_byte(run, models, portrait, broken):
    plain = run(portrait, "4x", refine_faces=False)
    add_face_model(models, **broken)

    result = run(portrait, "4x")

    assert result.sha256 == plain.sha256
    assert (result.faces["found"], result.faces["refined"], result.faces["model"]) == (1, 0, None)
    assert result.faces["left"] == [{"count": 1, "reason": "faces_left_different"}]
    assert result.receipt["changed"] == [Note("faces_left_different", {"count": 1, "found": 1}).as_dict()]


def test_a_damaged_model_leaves_the_ordinary_upscale(run, models, portrait):
    plain = run(portrait, refine_faces=False)
    add_face_model(models)
    (models.folder("faces") / "model.onnx").write_bytes(b"damaged")

    result = run(portrait)

    assert result.sha256 == plain.sha256
    assert result.receipt["changed"] == [Note("faces_left_model_failed", {"count": 1, "found": 1}).as_dict()]


def test_an_inactive_model_is_not_used_and_the_first_active_one_is(run, models, portrait):
    models.update(replace(add_face_model(models, "a"), active=False))
    add_face_model(models, "c")
    add_face_model(models, "b")

    assert run(portrait).faces["model"]["name"] == "b"


def test_an_image_without_faces_stays_as_it_is(run, models):
    add_face_model(models, **VIVID)
    photo = data.coffee()[:120, :160]

    result = run(photo)

    assert result.sha256 == run(photo, refine_faces=False).sha256
    assert result.receipt["changed"] == [Note("faces_none_found").as_dict()]
    assert result.faces["found"] == 0


def test_two_faces_are_refined(run, models, portrait):
    add_face_model(models, **VIVID)
    both = np.concatenate([portrait, portrait[:, ::-1]], axis=1)

    result = run(both)

    changed = difference(result, run(both, refine_faces=False))
    width = changed.shape[1]
    assert result.faces["refined"] == 2
    for start in (0, width // 2):
        assert changed[120:260, start + 100 : start + 240].mean() > 3


@pytest.mark.parametrize("columns", [slice(40, None), slice(None, 125)], ids=["left", "right"])
def test_a_face_at_the_border_is_refined_up_to_it(run, models, portrait, columns):
    add_face_model(models, **VIVID)
    cut = np.ascontiguousarray(portrait[:, columns])

    result = run(cut)

    changed = difference(result, run(cut, refine_faces=False))
    assert result.faces["refined"] == 1
    edge = changed[150:250, :6] if columns.start else changed[150:250, -6:]
    assert edge.mean() > 1


@pytest.mark.parametrize("kind", ["gray", "deep", "alpha"])
def test_gray_deep_and_transparent_images_keep_their_kind(run, models, portrait, detector, kind, tmp_path):
    add_face_model(models, **VIVID)
    image = Image.fromarray(portrait)
    if kind == "gray":
        image = image.convert("L")
    elif kind == "alpha":
        alpha = np.full(portrait.shape[:2], 255, np.uint8)
        alpha[:20] = alpha[:, :20] = 0
        image.putalpha(Image.fromarray(alpha))
    else:
        image = image.convert("L").convert("I;16").point(lambda level: level * 257)
    plain, result = run(image, refine_faces=False), run(image)

    assert result.faces["refined"] == 1
    assert result.image.mode == plain.image.mode == {"gray": "L", "deep": "I;16", "alpha": "RGBA"}[kind]
    mask = mask_for(portrait, 2, detector)
    changed = np.abs(result.pixels - plain.pixels)
    if kind == "alpha":
        assert changed[..., 3].max() == 0
        changed = changed[..., :3].max(axis=-1)
    assert changed[mask > 0.9].mean() > 3 * (257 if kind == "deep" else 1)
    assert changed[mask == 0].max() <= 6 * (257 if kind == "deep" else 1)


@pytest.mark.parametrize(("factor", "more"), [("8x", {}), ("3x", {}), ("8x", {"sharpen": "low"})])
def test_other_factors_have_the_face_in_its_place(run, models, portrait, detector, factor, more):
    add_face_model(models, **VIVID)
    scale = int(factor[0])
    small = np.asarray(Image.fromarray(portrait).resize((85, 95), Image.Resampling.LANCZOS))

    result, plain = run(small, factor, **more), run(small, factor, refine_faces=False, **more)

    assert result.faces["refined"] == 1
    mask, changed = mask_for(small, scale, detector), difference(result, plain)
    assert changed[mask > 0.9].mean() > 3
    assert changed[mask == 0].mean() < 1


@pytest.mark.parametrize("with_model", [True, False])
def test_a_face_that_is_larger_than_what_gains_is_left(run, models, portrait, upscaler, with_model):
    if with_model:
        add_face_model(models, **VIVID)
    size = (680, 760) if with_model else (204, 228)
    large = Image.fromarray(portrait).resize(size, Image.Resampling.BICUBIC)

    result, plain = (
        run(large, upscaler=None if with_model else upscaler, refine_faces=wanted) for wanted in (True, False)
    )

    assert result.sha256 == plain.sha256
    assert result.faces["left"] == [{"count": 1, "reason": "faces_left_large"}]
    assert result.receipt["changed"] == [Note("faces_left_large", {"count": 1, "found": 1}).as_dict()]


def test_it_reports_its_progress_can_be_stopped_and_gives_the_same_again(run, models, portrait):
    add_face_model(models, **VIVID)
    shares: list[float] = []

    assert run(portrait, on_progress=shares.append).sha256 == run(portrait).sha256
    assert shares == sorted(shares)
    assert any(0.02 < share < 0.2 for share in shares)
    asked = iter([False] * 3)
    with pytest.raises(EngineCanceled):
        run(portrait, should_stop=lambda: next(asked, True))


def test_a_detector_that_is_not_there_is_reported(run, portrait, monkeypatch):
    monkeypatch.setattr("upscaler.engine.faces.mtcnn._PACKAGE", "no_such_package")

    result = run(portrait)

    assert result.faces["searched"] is False
    assert result.receipt["changed"] == [Note("faces_not_searched").as_dict()]


def test_without_a_face_model_the_bundled_models_come_nearer_to_the_truth(run, upscaler, portrait):
    small = np.asarray(Image.fromarray(portrait[:188, :168]).resize((84, 94), Image.Resampling.LANCZOS))

    plain = run(small, upscaler=upscaler, refine_faces=False)
    result = run(small, upscaler=upscaler)

    assert result.faces["model"]["kind"] == "bundled"
    assert result.receipt["changed"] == [
        Note("faces_refined_bundled", {"refined": 1, "found": 1, "model": "waifu2x-mean-faces"}).as_dict()
    ]
    away = [np.square(one.pixels - portrait[:188, :168])[50:150, 40:130].mean() for one in (plain, result)]
    assert away[1] < away[0]


def test_where_nothing_bundled_is_better_it_says_so(run, portrait):
    plain, result = run(portrait, preset="art", refine_faces=False), run(portrait, preset="art")

    assert result.sha256 == plain.sha256
    assert result.receipt["changed"] == [Note("faces_left_no_model", {"count": 1, "found": 1}).as_dict()]


def test_models_whose_weights_are_missing_leave_the_ordinary_upscale(run, upscaler, portrait, monkeypatch):
    absent = replace(MODELS["waifu2x-cunet"], name="absent", files={})
    monkeypatch.setattr(
        "upscaler.engine.steps.faces.face_recipe", lambda *_: Recipe("absent", ("absent",), custom=(absent,))
    )
    small = portrait[10:160, 20:150]

    plain, result = (run(small, upscaler=upscaler, refine_faces=wanted) for wanted in (False, True))

    assert result.sha256 == plain.sha256
    assert result.receipt["changed"] == [Note("faces_left_model_failed", {"count": 1, "found": 1}).as_dict()]

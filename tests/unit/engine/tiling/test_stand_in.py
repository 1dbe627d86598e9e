from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from tests.support.engine import upscale
from upscaler.engine.backends.base import Backend
from upscaler.engine.backends.openvino import OpenVinoBackend
from upscaler.engine.backends.selection import Selection
from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.model_zoo.recipes import Recipe
from upscaler.engine.settings import EngineSettings
from upscaler.engine.tiling.stand_in import blended, patches, strayed
from upscaler.engine.tiling.tiles import Span
from upscaler.engine.tiling.upscaler import Upscaler

SETTINGS = EngineSettings(threads=1)
SIDE = 48
FLAT = np.full((SIDE, SIDE, 3), 100, np.uint8)
PHOTO = np.ascontiguousarray(data.astronaut()[100 : 100 + SIDE, 200 : 200 + SIDE])
CHEQUER = np.ascontiguousarray(
    np.indices((SIDE, SIDE)).sum(axis=0)[..., np.newaxis] % 2 * np.full(3, 255), np.uint8
)


def enlarged(window: np.ndarray) -> np.ndarray:
    return window.repeat(2, axis=0).repeat(2, axis=1).astype(np.float32)


def test_an_image_that_is_itself_has_not_strayed() -> None:
    for window in (FLAT, PHOTO, CHEQUER):
        assert not strayed(enlarged(window), window, 2).any()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30, 400.0, 160.0, -10.0])
def test_levels_far_from_the_input_have_strayed(value: float) -> None:
    result = enlarged(FLAT)
    result[20, 31, 1] = value

    assert np.argwhere(strayed(result, FLAT, 2)).tolist() == [[10, 15]]


def test_more_is_permitted_beside_an_edge_but_no_shift_of_the_mean() -> None:
    window = FLAT.copy()
    window[:, SIDE // 2 :] = 160
    overshoot, shifted = enlarged(window), enlarged(window)
    overshoot[20, SIDE] += 90
    shifted[20:22, SIDE : SIDE + 2] += 60

    assert not strayed(overshoot, window, 2).any()
    assert strayed(shifted, window, 2).any()


def test_the_stand_in_fades_in_around_what_strayed() -> None:
    result, other = enlarged(FLAT), enlarged(FLAT) + 50
    result[60, 60] = np.nan
    where = strayed(result, FLAT, 2)

    (patch,) = patches(where, margin=7)
    rows, columns, inside = patch
    together = blended(result, other, where, 2)

    assert (rows, columns) == (Span(18, 43, 11, 50),) * 2
    assert np.argwhere(inside).tolist() == [[12, 12]]
    changed = np.argwhere((together != 100).any(axis=2)) // 2
    assert (changed.min(), changed.max()) == (rows.start, rows.stop - 1)
    assert (together[52:68, 52:68] == 150).all()
    assert np.isfinite(together).all()
    steps = np.abs(np.diff(together[60, :, 0]))
    assert steps.max() < 6.5, "it fades"


def test_what_strayed_far_apart_has_patches_of_its_own() -> None:
    where = np.zeros((300, 200), bool)
    where[5, 5] = where[20, 30] = where[290:, 195:] = True

    found = sorted(patches(where, margin=10), key=lambda patch: patch.rows.start)

    places = [(patch.rows.start, patch.rows.stop, patch.columns.start, patch.columns.stop) for patch in found]
    assert places == [(0, 33, 0, 43), (278, 300, 183, 200)]
    for patch in found:
        assert np.argwhere(patch.where).size > 0
    assert sum(int(patch.where.sum()) for patch in found) == where.sum()


def test_what_strayed_everywhere_has_one_patch() -> None:
    where = np.zeros((300, 200), bool)
    where[::30, ::30] = True

    (patch,) = patches(where, margin=10)

    assert (
        patch.where == where[patch.rows.start : patch.rows.stop, patch.columns.start : patch.columns.stop]
    ).all()


@pytest.fixture(scope="module")
def backend() -> Backend:
    return OpenVinoBackend(SETTINGS, "fp32")


@pytest.mark.parametrize("name", ["span-x2", "span-x4"])
def test_span_is_replaced_where_it_strays_and_only_there(backend: Backend, name: str) -> None:
    upscaler = Upscaler(SETTINGS, Selection(SETTINGS, [backend]))
    model = MODELS[name]
    stand_in = Recipe("stand-in", model.stand_in)
    recipe, scale = Recipe("span", (name,)), model.scale
    image = np.concatenate([PHOTO, CHEQUER], axis=1)

    both, other = (upscale(upscaler, image, one).astype(int) for one in (recipe, stand_in))
    alone = upscale(upscaler, PHOTO, recipe).astype(int)

    # Beyond what the last convolutions see of the other half.
    far = SIDE * scale // 4
    np.testing.assert_allclose(both[:, :far], alone[:, :far], atol=1)
    np.testing.assert_array_equal(both[far:-far, -far:], other[far:-far, -far:])
    assert np.abs(both.reshape(SIDE, scale, -1, scale, 3).mean(axis=(1, 3)) - image).max() < 130, (
        "of 100,000 without"
    )


@pytest.mark.parametrize(("image", "models"), [(PHOTO, 1), (CHEQUER, 2)], ids=["photograph", "chequer"])
def test_a_stand_in_that_ran_is_among_the_models(backend: Backend, image: np.ndarray, models: int) -> None:
    upscaler = Upscaler(SETTINGS, Selection(SETTINGS, [backend]))

    run = upscaler.upscale(image, Recipe("span", ("span-x2",)), np.empty((2 * SIDE, 2 * SIDE, 3), np.uint8))

    assert [model.name for model in run.models] == ["span-x2", "waifu2x-upconv7-photo"][:models]


def test_deep_levels_keep_their_fractions(backend: Backend) -> None:
    upscaler = Upscaler(SETTINGS, Selection(SETTINGS, [backend]))
    recipe = Recipe("span", ("span-x2",))
    deep = CHEQUER.astype(np.uint16) * 257
    out = np.empty((2 * SIDE, 2 * SIDE, 3), np.uint16)

    upscaler.upscale(deep, recipe, out)

    assert np.abs(out / 257 - upscale(upscaler, CHEQUER, recipe)).max() < 1

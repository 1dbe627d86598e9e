"""Steps between tiles are found, and what only looks like one is not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from skimage import data

from upscaler.engine.imaging.image import Pixels
from upscaler.engine.model_zoo.recipe_builder import recipe_for
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.settings import EngineSettings
from upscaler.engine.tiling.seams import SeamCheck
from upscaler.engine.tiling.tiles import spans
from upscaler.engine.tiling.upscaler import Upscaler
from upscaler.errors import OutputRejected

SIDE, TILE, SCALE = 192, 64, 2
RECIPE = recipe_for(UpscaleOptions("2x"))
MIDDLE = slice(TILE * SCALE, 2 * TILE * SCALE)
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE]


def _gray(levels: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.broadcast_to(levels.astype(np.uint8)[..., None], (SIDE, SIDE, 3)))


def _noisy(image: np.ndarray, sigma: float) -> np.ndarray:
    noise = np.random.default_rng(3).normal(0, sigma, image.shape)
    return np.clip(np.rint(image + noise), 0, 255).astype(np.uint8)


PHOTOGRAPHS = {
    "astronaut": np.ascontiguousarray(data.astronaut()[40 : 40 + SIDE, 150 : 150 + SIDE]),
    "coffee": np.ascontiguousarray(data.coffee()[100 : 100 + SIDE, 200 : 200 + SIDE]),
    "cat": np.ascontiguousarray(data.chelsea()[60 : 60 + SIDE, 120 : 120 + SIDE]),
}
BLOCKS = np.random.default_rng(1).integers(0, 256, (3, 3, 3))
ODD_ONES = {
    "blocks whose edges lie on the boundaries": np.kron(BLOCKS, np.ones((TILE, TILE, 1))).astype(np.uint8),
    "a black half": _gray((COLUMNS >= TILE) * 255),
    "lines of one pixel": _gray(COLUMNS % 2 * 255),
    "lines of two pixels": _gray(ROWS // 2 % 2 * 255),
    "text": _gray(np.resize(data.page()[:, 20 : 20 + SIDE], (SIDE, SIDE))),
    "pure noise": np.random.default_rng(2).integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8),
    "a noisy photograph": _noisy(PHOTOGRAPHS["astronaut"], 30),
    "one colour": np.full((SIDE, SIDE, 3), (200, 30, 90), np.uint8),
}


@pytest.fixture(scope="module")
def upscaled() -> Callable[[np.ndarray], Pixels]:
    """Return what upscales in tiles; that this passes is the engine's own check."""
    upscaler = Upscaler(EngineSettings(threads=1, tile_pixels=TILE))

    def upscale(image: np.ndarray) -> Pixels:
        out = np.empty((SIDE * SCALE, SIDE * SCALE, 3), np.uint8)
        upscaler.upscale(image, RECIPE, out)
        return out

    return upscale


def _check(source: Pixels, out: Pixels) -> None:
    cut = spans(SIDE, TILE, 7, 7)
    check = SeamCheck(source, out, SCALE, cut, cut)
    for row in range(len(cut)):
        check.row_done(row)


@pytest.mark.parametrize(
    "image", {**PHOTOGRAPHS, **ODD_ONES}.values(), ids={**PHOTOGRAPHS, **ODD_ONES}.keys()
)
def test_sound_results_pass(upscaled: Callable[[np.ndarray], Pixels], image: np.ndarray) -> None:
    _check(image, upscaled(image))


@pytest.mark.parametrize("levels", [5, -5, 12])
@pytest.mark.parametrize("image", PHOTOGRAPHS.values(), ids=PHOTOGRAPHS.keys())
def test_a_tile_of_another_brightness_is_found(
    upscaled: Callable[[np.ndarray], Pixels], image: np.ndarray, levels: int
) -> None:
    out = upscaled(image).astype(int)
    out[MIDDLE, MIDDLE] += levels

    with pytest.raises(OutputRejected, match="a step between tiles at"):
        _check(image, np.clip(out, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("down_and_right", [(8, 8), (-8, 8), (12, -12)], ids=str)
@pytest.mark.parametrize("image", PHOTOGRAPHS.values(), ids=PHOTOGRAPHS.keys())
def test_a_tile_in_the_wrong_place_is_found(
    upscaled: Callable[[np.ndarray], Pixels], image: np.ndarray, down_and_right: tuple[int, int]
) -> None:
    out = upscaled(image)
    out[MIDDLE, MIDDLE] = np.roll(out, down_and_right, (0, 1))[MIDDLE, MIDDLE]

    with pytest.raises(OutputRejected, match="a step between tiles at"):
        _check(image, out)


def test_one_channel_and_16_bits_are_judged_as_well(upscaled: Callable[[np.ndarray], Pixels]) -> None:
    image = PHOTOGRAPHS["coffee"]
    luma = np.rint(upscaled(image) @ (0.299, 0.587, 0.114))[..., np.newaxis]
    deep_source, deep = image.astype(np.uint16) * 257, (luma * 257).astype(np.uint16)

    _check(deep_source, deep)
    deep[MIDDLE, MIDDLE] += 5 * 257
    with pytest.raises(OutputRejected):
        _check(deep_source, deep)


def test_an_image_of_one_tile_has_no_boundary() -> None:
    source = np.zeros((40, 40, 3), np.uint8)
    cut = spans(40, TILE, 7, 7)

    SeamCheck(source, np.full((80, 80, 3), 255, np.uint8), SCALE, cut, cut).row_done(0)


@pytest.mark.parametrize("height", [1, 2, 7, 13, 17])
def test_low_images_pass_whatever_is_in_them(height: int) -> None:
    lines = np.ascontiguousarray(
        np.broadcast_to((np.arange(200) % 2 * 255).astype(np.uint8)[:, None], (height, 200, 3))
    )
    upscaler = Upscaler(EngineSettings(threads=1, tile_pixels=48))
    recipe = recipe_for(UpscaleOptions("2x", "art", "high"))
    out = np.empty((height * recipe.scale, 200 * recipe.scale, 3), np.uint8)

    upscaler.warm_up(recipe)
    before = upscaler.describe()

    upscaler.upscale(lines, recipe, out)

    assert upscaler.describe() == before, "no backend was put into quarantine for it"

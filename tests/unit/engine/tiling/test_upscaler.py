from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from tests.support.engine import SpoiltModel, matched, upscale
from upscaler.engine.backends.base import LoadedModel, Result, Window
from upscaler.engine.backends.lanczos import LanczosBackend
from upscaler.engine.backends.openvino import OpenVinoBackend
from upscaler.engine.backends.selection import Selection
from upscaler.engine.devices.attempts import AttemptLog
from upscaler.engine.model_zoo.catalogue import Model
from upscaler.engine.model_zoo.recipe_builder import recipe_for
from upscaler.engine.model_zoo.recipes import Recipe
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.settings import EngineSettings
from upscaler.engine.tiling.upscaler import Upscaler
from upscaler.errors import EngineCanceled, EngineUnavailable

STANDARD_2X = recipe_for(UpscaleOptions("2x"))
STANDARD_4X = recipe_for(UpscaleOptions("4x"))
# The compact model stands for the generative ones where it can: it takes a twentieth of their time.
COMPACT_4X = Recipe("compact", ("realesr-animevideov3-x4",))
BLEND_4X = Recipe("blend", ("realesr-animevideov3-x4",), blend_with=STANDARD_4X.chain, blend=0.5)


def _psnr(one: np.ndarray, other: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / max(np.mean((one.astype(float) - other) ** 2), 1e-9)))


def _crop(name: str, height: int = 96, width: int = 112) -> np.ndarray:
    return np.ascontiguousarray(getattr(data, name)()[100 : 100 + height, 180 : 180 + width])


def _reduced(image: np.ndarray, like: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(image).resize((like.shape[1], like.shape[0]), Image.Resampling.BOX))


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
@pytest.mark.parametrize("recipe", [STANDARD_2X, STANDARD_4X, BLEND_4X], ids=lambda recipe: recipe.name)
def test_a_photograph_is_upscaled_truly(upscaler: Upscaler, name: str, recipe: Recipe) -> None:
    image = _crop(name)

    result = upscale(upscaler, image, recipe)

    assert result.dtype == np.uint8
    result = matched(image, result, recipe.scale)
    back = _reduced(result, image)
    assert _psnr(back, image) > 32
    assert np.abs(back.mean(axis=(0, 1)) - image.mean(axis=(0, 1))).max() < 1
    lanczos = Image.fromarray(image).resize((result.shape[1], result.shape[0]), Image.Resampling.LANCZOS)
    assert _psnr(result, np.asarray(lanczos)) < 45


@pytest.mark.parametrize("preset", ["photo", "art", "face"])
def test_perceptual_models_keep_image_and_tones(upscaler: Upscaler, preset: str) -> None:
    image = _crop("astronaut", 64, 96)

    result = upscale(upscaler, image, recipe_for(UpscaleOptions("4x", preset, detail=100)))

    def drift(pixels: np.ndarray) -> float:
        """Return the largest difference of the means of a block of 32 x 32 input pixels, in levels."""
        difference = _reduced(pixels, image).astype(float) - image
        return float(np.abs(difference.reshape(2, 32, 3, 32, 3).mean(axis=(1, 3))).max())

    corrected = matched(image, result, 4)
    assert _psnr(_reduced(corrected, image), image) > 26
    assert drift(result) > 0.9, "there is nothing to correct"
    assert drift(corrected) <= 1


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (1, 300)], ids=str)
@pytest.mark.parametrize(
    "recipe",
    [
        STANDARD_2X,
        STANDARD_4X,
        COMPACT_4X,
        Recipe("cunet", ("waifu2x-cunet",)),
        Recipe("cleaned", ("waifu2x-cunet-1x-n1", "realesr-animevideov3-x4")),
    ],
    ids=lambda recipe: recipe.name,
)
def test_any_size_is_upscaled(upscaler: Upscaler, recipe: Recipe, size: tuple[int, int]) -> None:
    image = np.full((*size, 3), (200, 120, 40), np.uint8)

    result = upscale(upscaler, image, recipe)

    assert result.shape == (size[0] * recipe.scale, size[1] * recipe.scale, 3)
    assert np.abs(result.astype(int) - (200, 120, 40)).max() <= 12


@pytest.mark.parametrize("recipe", [STANDARD_2X, STANDARD_4X, COMPACT_4X], ids=lambda recipe: recipe.name)
def test_tiles_leave_no_trace(recipe: Recipe) -> None:
    image = _crop("coffee")
    whole, tiled = (
        upscale(Upscaler(settings, Selection(settings, [OpenVinoBackend(settings, "fp32")])), image, recipe)
        for settings in (EngineSettings(threads=1), EngineSettings(threads=1, tile_pixels=40))
    )

    # The margins are exact for these models; sums in another order may round the other way.
    assert np.abs(tiled.astype(int) - whole).max() <= 1


def test_it_writes_into_a_memory_map(upscaler: Upscaler, tmp_path: Path) -> None:
    image = _crop("coffee", 20, 24)
    out = np.memmap(tmp_path / "out", np.uint8, "w+", shape=(40, 48, 3))

    upscaler.upscale(image, STANDARD_2X, out)

    np.testing.assert_array_equal(out, upscale(upscaler, image, STANDARD_2X))


def test_one_channel_gets_the_luma(upscaler: Upscaler) -> None:
    image = _crop("coffee", 20, 24)
    out = np.empty((40, 48, 1), np.uint8)

    upscaler.upscale(image, STANDARD_2X, out)

    colour = upscale(upscaler, image, STANDARD_2X)
    np.testing.assert_allclose(out[..., 0], colour @ (0.299, 0.587, 0.114), atol=1)


def test_rows_are_reported_from_the_top(lanczos: Upscaler) -> None:
    reported: list[int] = []
    upscaler = Upscaler(EngineSettings(engine="lanczos", tile_pixels=32))

    upscale(upscaler, _crop("coffee"), STANDARD_2X, on_rows=reported.append)

    assert reported == [0, 32, 64, 96]


def test_an_output_of_another_shape_is_refused(upscaler: Upscaler) -> None:
    with pytest.raises(ValueError, match=r"\(10, 10\) in place of \(20, 20\)"):
        upscaler.upscale(np.zeros((10, 10, 3), np.uint8), STANDARD_2X, np.zeros((10, 10, 3), np.uint8))


@pytest.mark.parametrize("recipe", [STANDARD_2X, BLEND_4X], ids=lambda recipe: recipe.name)
def test_progress_rises_from_0_to_1(recipe: Recipe) -> None:
    reported: list[float] = []
    upscaler = Upscaler(EngineSettings(engine="lanczos", tile_pixels=32))

    upscale(upscaler, _crop("coffee"), recipe, on_progress=reported.append)

    assert reported[0] == 0
    assert reported[-1] == 1
    assert all(earlier < later for earlier, later in itertools.pairwise(reported))
    assert len(reported) > 12


def test_a_stop_is_heeded_between_tiles() -> None:
    reported: list[float] = []
    upscaler = Upscaler(EngineSettings(engine="lanczos", tile_pixels=32))

    with pytest.raises(EngineCanceled):
        upscale(
            upscaler,
            _crop("coffee"),
            STANDARD_2X,
            on_progress=reported.append,
            should_stop=lambda: len(reported) > 3,
        )

    assert 0 < reported[-1] < 0.9


class FailingModel(LoadedModel):
    """Works until it has seen the given number of windows."""

    def __init__(self, inner: LoadedModel, windows: int) -> None:
        super().__init__(inner.model)
        self._inner = inner
        self._left = windows

    def run(self, window: Window) -> Result:
        self._left -= 1
        if self._left < 0:
            raise RuntimeError("device lost")
        return self._inner.run(window)


class FailingBackend(LanczosBackend):
    name = "failing"

    def load(self, model: Model) -> LoadedModel:
        return FailingModel(super().load(model), windows=4)


def test_a_backend_that_fails_half_way_is_replaced_and_nothing_of_it_is_left() -> None:
    settings = EngineSettings(tile_pixels=32)
    selection = Selection(settings, [FailingBackend(settings), LanczosBackend(settings)])
    reported: list[float] = []
    upscaler = Upscaler(settings, selection)

    result = upscale(upscaler, _crop("coffee"), STANDARD_2X, on_progress=reported.append)

    lanczos = Upscaler(EngineSettings(engine="lanczos", tile_pixels=32))
    expected = upscale(lanczos, _crop("coffee"), STANDARD_2X)
    np.testing.assert_array_equal(result, expected)
    assert reported == sorted(reported)
    assert upscaler.describe()["engine"] == "lanczos"
    assert "device lost" in upscaler.describe()["not_taken"][0]["reason"]


class BrighterBackend(LanczosBackend):
    """Marks what it upscales, once ``marks`` is set."""

    name = "brighter"
    marks = False

    def load(self, model: Model) -> LoadedModel:
        return SpoiltModel(super().load(model), lambda result: result + 9 if self.marks else result)


def test_an_image_starts_again_when_a_request_in_between_takes_its_backend_away() -> None:
    settings = EngineSettings(tile_pixels=32)
    first = BrighterBackend(settings)
    selection = Selection(settings, [first, LanczosBackend(settings)])
    upscaler = Upscaler(settings, selection)
    upscaler.warm_up(STANDARD_2X)
    first.marks = True
    image, rows, asked = _crop("coffee"), [], []
    out = np.empty((image.shape[0] * 2, image.shape[1] * 2, 3), np.uint8)

    def pause() -> bool:
        asked.append(1)
        if len(asked) == 4:
            selection.recheck()
            selection._pool().put_into_quarantine(first, "a preview failed", None, [], AttemptLog())
        return False

    run = upscaler.upscale(image, STANDARD_2X, out, on_rows=rows.append, should_stop=pause)

    assert run.backend.name == "lanczos"
    assert rows.count(0) == 2, "it started again"
    plain = Upscaler(EngineSettings(engine="lanczos", tile_pixels=32))
    np.testing.assert_array_equal(out, upscale(plain, image, STANDARD_2X))


def test_it_reports_what_ran(upscaler: Upscaler, lanczos: Upscaler) -> None:
    image = _crop("coffee", 8, 8)
    out = np.empty((16, 16, 3), np.uint8)

    real, stand_in = (one.upscale(image, STANDARD_2X, out) for one in (upscaler, lanczos))

    assert (real.name, real.models) == (STANDARD_2X.name, STANDARD_2X.models)
    assert (real.backend.name, real.attempt.reason) == (upscaler.describe()["engine"], None)
    assert (stand_in.name, stand_in.models) == ("lanczos", ())
    assert upscaler.runs_models()
    assert not lanczos.runs_models()


def test_no_backend_left_is_an_error_with_the_reason() -> None:
    settings = EngineSettings(tile_pixels=32)
    upscaler = Upscaler(settings, Selection(settings, [FailingBackend(settings)]))

    with pytest.raises(EngineUnavailable, match="device lost"):
        upscale(upscaler, _crop("coffee"), STANDARD_2X)


def test_it_describes_the_backend_in_json(upscaler: Upscaler) -> None:
    described = json.loads(json.dumps(upscaler.describe()))

    assert described["engine"] in ("openvino", "mnn", "ncnn")
    assert described["threads"] == 1
    assert {"device", "precision", "version", "not_taken"} < set(described)

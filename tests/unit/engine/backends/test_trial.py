from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.support.engine import SpoiltModel
from upscaler.engine.backends import trial as module
from upscaler.engine.backends.base import Backend, LoadedModel, Result
from upscaler.engine.backends.lanczos import LanczosBackend
from upscaler.engine.backends.speed import Timing
from upscaler.engine.backends.speed_table import SpeedTable
from upscaler.engine.backends.trial import trial
from upscaler.engine.model_zoo.catalogue import MODELS, Model
from upscaler.engine.settings import EngineSettings

SETTINGS = EngineSettings(threads=1)
PHOTO, CUNET, X4PLUS = (
    MODELS[name] for name in ("waifu2x-upconv7-photo", "waifu2x-cunet", "realesrgan-x4plus")
)
SMALL_X4PLUS = MODELS["realesrgan-x4plus-anime"]


class PacedBackend(LanczosBackend):
    """A backend that takes so many seconds for each window by the fake clock.

    Args:
        name: its name.
        seconds: for a window of 128 px a side.
        spoil: what it does to results.
        growth: of the time with the side, as an exponent.
        largest: side of windows for which it has the memory.
    """

    def __init__(
        self,
        name: str,
        seconds: float,
        spoil: Callable[[Result], Result] = lambda result: result,
        *,
        growth: float = 2,
        largest: int = 1000,
    ) -> None:
        super().__init__(SETTINGS)
        self.name = name
        self._seconds = seconds
        self._spoil = spoil
        self._growth = growth
        self._largest = largest

    def seconds(self, side: int) -> float:
        if side > self._largest:
            raise MemoryError
        return self._seconds * (side / 128) ** self._growth

    def load(self, model: Model) -> LoadedModel:
        return SpoiltModel(super().load(model), self._spoil)

    def load_part(self, *_: object) -> Callable[[np.ndarray], np.ndarray]:
        return lambda planes: planes


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let each window take the time that its backend names, and return who was measured, in order."""
    measured: list[str] = []

    def measure(self: module._Contestant, side: int, models: Sequence[str]) -> Timing:
        self.run(side)
        measured.append(self.backend.name)
        assert isinstance(self.backend, PacedBackend)
        seconds = self.backend.seconds(side)
        return Timing(seconds, seconds)

    monkeypatch.setattr(module._Contestant, "measure", measure)
    return measured


def _run(backends: Sequence[Backend], models: Sequence[Model], table: SpeedTable) -> int:
    def found() -> Iterator[Backend]:
        yield from backends

    return len(list(trial(found, models, table, SETTINGS)))


def test_the_fastest_is_first(clock: list[str]) -> None:
    table = SpeedTable("", {})
    _run(
        [PacedBackend("slow", 0.2), PacedBackend("fast", 0.1), PacedBackend("hopeless", 0.9)], [PHOTO], table
    )

    ranking = table.ranking(PHOTO)
    assert [speed.engine for speed in ranking] == ["fast", "slow", "hopeless"]
    assert ranking[0].pixels_per_second == round(128 * 128 / 0.1)
    assert clock.count("hopeless") == 2, "it is not measured again after the first round"
    assert clock[3:6] == ["slow", "fast", "hopeless"], "in turns"


def test_of_two_that_are_close_the_faster_with_large_windows_is_first(
    clock: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FINAL_SECONDS", 0.3)
    table = SpeedTable("", {})
    small = PacedBackend("quick with small windows", 0.1, growth=2.4)
    _run([small, PacedBackend("even", 0.11), PacedBackend("third", 0.12)], [PHOTO], table)

    assert [speed.engine for speed in table.ranking(PHOTO)] == ["even", "quick with small windows", "third"]
    assert clock.count("third") == 3, "not on large windows"


def test_one_that_fails_with_large_windows_is_left_out(clock: list[str]) -> None:
    table = SpeedTable("", {})
    best = PacedBackend("best", 0.01, largest=128)
    _run([best, PacedBackend("other", 0.011), PacedBackend("third", 0.012)], [PHOTO], table)

    assert [speed.engine for speed in table.ranking(PHOTO)] == ["other", "third"]


def test_models_of_the_same_layers_are_measured_once(clock: list[str]) -> None:
    table = SpeedTable("", {})
    again = MODELS["waifu2x-upconv7-art"]
    _run([PacedBackend("one", 0.1)], [PHOTO, again], table)

    assert table.ranking(again) == table.ranking(PHOTO)
    assert len(clock) == 5


def test_one_that_is_hopeless_with_two_architectures_is_measured_no_more(clock: list[str]) -> None:
    table = SpeedTable("", {})
    backends = [PacedBackend("slow", 0.2), PacedBackend("fast", 0.1)]
    _run(backends, [PHOTO, MODELS["waifu2x-upconv7-art"]], table)
    assert [len(table.ranking(model)) for model in (PHOTO, MODELS["waifu2x-upconv7-art"])] == [2, 2]

    clock.clear()
    table = SpeedTable("", {})
    _run(backends, [PHOTO, CUNET, SMALL_X4PLUS], table)
    assert [len(table.ranking(model)) for model in (PHOTO, CUNET, SMALL_X4PLUS)] == [2, 2, 1]
    assert table.ranking(SMALL_X4PLUS)[0].engine == "fast"


def test_wrong_results_and_failures_are_left_out() -> None:
    def fail(result: Result) -> Result:
        raise RuntimeError("device lost")

    table = SpeedTable("", {})
    broken = PacedBackend("black", 0.01, lambda result: result * 0)
    _run([broken, PacedBackend("lost", 0.01, fail), PacedBackend("sound", 0.5)], [PHOTO], table)

    assert [speed.engine for speed in table.ranking(PHOTO)] == ["sound"]


def test_one_that_fails_half_way_is_left_out() -> None:
    seen: list[int] = []

    def fail_later(result: Result) -> Result:
        seen.append(1)
        if len(seen) > 3:
            raise MemoryError
        return result

    table = SpeedTable("", {})
    _run([PacedBackend("failing", 0.01, fail_later), PacedBackend("sound", 0.5)], [PHOTO], table)

    assert [speed.engine for speed in table.ranking(PHOTO)] == ["sound"]


def test_what_is_known_is_not_measured_again(clock: list[str], tmp_path: Path) -> None:
    backends = [PacedBackend("one", 0.1)]
    _run(backends, [PHOTO], SpeedTable(str(tmp_path), {}))
    clock.clear()

    assert _run(backends, [PHOTO], SpeedTable(str(tmp_path), {})) == 0
    _run(backends, [PHOTO, CUNET], SpeedTable(str(tmp_path), {}))

    table = SpeedTable(str(tmp_path), {})
    assert table.knows(CUNET)
    assert len(clock) == 5, "one model alone"


def test_a_block_stands_for_networks_of_many(clock: list[str]) -> None:
    table = SpeedTable("", {})
    _run([PacedBackend("slow", 0.2), PacedBackend("fast", 0.1)], [X4PLUS, SMALL_X4PLUS], table)

    large, small = (table.ranking(model) for model in (X4PLUS, SMALL_X4PLUS))
    assert [speed.engine for speed in large] == [speed.engine for speed in small] == ["fast", "slow"]
    assert 2.5 < small[0].pixels_per_second / large[0].pixels_per_second < 3.8
    assert len(clock) == 7, "measured once for both"


def test_without_a_part_a_backend_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PacedBackend, "load_part", Backend.load_part)
    table = SpeedTable("", {})

    _run([PacedBackend("one", 0.1)], [X4PLUS], table)

    assert not table.knows(X4PLUS)


def test_missing_weights_do_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(model: Model, *folders: str) -> None:
        raise OSError("no weights")

    monkeypatch.setattr(module, "find_weights", missing)
    table = SpeedTable("", {})
    _run([PacedBackend("one", 0.1)], [X4PLUS, PHOTO], table)

    assert not table.knows(X4PLUS)
    assert table.knows(PHOTO)


def test_without_a_backend_nothing_is_known() -> None:
    table = SpeedTable("", {})
    _run([], [PHOTO], table)

    assert not table.knows(PHOTO)


def test_windows_run_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    both: list[float] = []

    def wait(result: Result) -> Result:
        both.append(time.monotonic())
        time.sleep(0.05)
        return result

    one = PacedBackend("one", 0.0, wait)
    one.streams = 2
    table = SpeedTable("", {})
    _run([one], [PHOTO], table)

    [speed] = table.ranking(PHOTO)
    assert speed.streams == 2
    assert speed.pixels_per_second > 0

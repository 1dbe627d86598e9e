from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from upscaler.engine.backends.openvino import OpenVinoBackend
from upscaler.engine.backends.openvino_requests import CompiledParts
from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.settings import EngineSettings
from upscaler.errors import EngineCanceled

BACKEND = OpenVinoBackend(EngineSettings(threads=1, serves_previews=True), "fp32")
# The second one is of two parts.
NAMES = ["waifu2x-upconv7-photo", "realesrgan-x4plus-anime"]


def _window(side: int) -> np.ndarray:
    return np.random.default_rng(side).integers(0, 256, (side, side, 3), np.uint8)


@pytest.mark.parametrize("name", NAMES)
def test_another_image_uses_the_model_while_a_window_pauses(name: str) -> None:
    loaded = BACKEND.load(MODELS[name])
    large, small = _window(128), _window(40)
    expected = [loaded.run(window) for window in (large, small)]
    between: list[np.ndarray] = []

    def pause() -> None:
        if len(between) < 2:
            between.append(loaded.run(small))

    result = loaded.run_pausing(large, pause)

    np.testing.assert_array_equal(result, expected[0])
    assert between, "a window of this size takes longer than the time between two pauses"
    for one in between:
        np.testing.assert_array_equal(one, expected[1])


@pytest.mark.parametrize("name", NAMES)
def test_after_a_stop_windows_of_another_size_are_right(name: str) -> None:
    loaded = BACKEND.load(MODELS[name])
    small = _window(40)
    expected = loaded.run(small)

    def stop() -> None:
        raise EngineCanceled

    for _ in range(2):
        with pytest.raises(EngineCanceled):
            loaded.run_pausing(_window(128), stop)
        np.testing.assert_array_equal(loaded.run(small), expected)


class Part:
    """Stands for a compiled part, and counts its requests."""

    def __init__(self) -> None:
        self.requests = 0

    def create_infer_request(self) -> object:
        self.requests += 1
        return object()


def _made(log: list[Part]) -> Callable[[], list[Any]]:
    def make() -> list[Any]:
        log.append(Part())
        return [log[-1]]

    return make


def test_parts_are_compiled_again_for_a_pause_and_then_kept() -> None:
    log: list[Part] = []
    parts = CompiledParts(_made(log), keeps_requests=True)

    for _ in range(2):
        with parts.requests() as own, parts.requests() as between:
            assert own != between

    assert [part.requests for part in log] == [1, 1]


def test_what_failed_is_compiled_again() -> None:
    log: list[Part] = []
    parts = CompiledParts(_made(log))

    with pytest.raises(EngineCanceled), parts.requests():
        raise EngineCanceled
    with parts.requests():
        pass

    assert [part.requests for part in log] == [1, 1]


def test_a_second_thread_has_a_request_of_its_own() -> None:
    log: list[Part] = []
    parts = CompiledParts(_made(log), keeps_requests=True)
    found: list[Any] = []

    def use() -> None:
        with parts.requests() as requests:
            found.extend(requests)

    with parts.requests() as own:
        thread = threading.Thread(target=use)
        thread.start()
        thread.join()

    assert found != own
    assert len(log) == 1


def test_the_second_time_may_come_ahead() -> None:
    log: list[Part] = []
    compiled = threading.Event()

    def make() -> list[Any]:
        if log:
            compiled.set()
        log.append(Part())
        return [log[-1]]

    parts = CompiledParts(make, ahead=True)
    with parts.requests():
        assert compiled.wait(60)
        with parts.requests():
            pass

    assert len(log) == 2

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from tests.support.engine import SpoiltModel
from upscaler.engine.backends.base import LoadedModel, Result, Window
from upscaler.engine.backends.lanczos import LanczosBackend
from upscaler.engine.backends.selection import Selection
from upscaler.engine.model_zoo.catalogue import MODELS, Model
from upscaler.engine.model_zoo.recipes import Recipe
from upscaler.engine.progress import Progress
from upscaler.engine.settings import EngineSettings
from upscaler.engine.tiling.pace import Pace
from upscaler.engine.tiling.scratch import Tile
from upscaler.engine.tiling.tile_runner import BackendError, TileRunner
from upscaler.engine.tiling.tiles import edge_for, margin_for, spans
from upscaler.errors import EngineCanceled

SETTINGS = EngineSettings(threads=1)
RECIPE = Recipe("twice", ("waifu2x-upconv7-photo",))
RGB = np.random.default_rng(5).integers(0, 256, (40, 60, 3)).astype(np.uint8)


class FailingBackend(LanczosBackend):
    """A backend that fails from the moment on that ``fails`` is set."""

    def __init__(self, error: Exception) -> None:
        super().__init__(SETTINGS)
        self._error = error
        self.fails = False

    def load(self, model: Model) -> LoadedModel:
        return SpoiltModel(super().load(model), self._fail)

    def _fail(self, result: Result) -> Result:
        if self.fails:
            raise self._error
        return result


class PausingModel(LoadedModel):
    """A model that takes long over each window."""

    def __init__(self, inner: LoadedModel) -> None:
        super().__init__(inner.model)
        self._inner = inner

    def run(self, window: Window) -> Result:
        return self._inner.run(window)

    def run_pausing(self, window: Window, pause: Callable[[], None]) -> Result:
        pause()
        return self.run(window)


class PausingBackend(LanczosBackend):
    """A backend that pauses within each window."""

    def load(self, model: Model) -> LoadedModel:
        return PausingModel(super().load(model))


class ManyBackend(LanczosBackend):
    """Lanczos with three windows at once; notes the threads that ran them."""

    streams = 3

    def __init__(self) -> None:
        super().__init__(SETTINGS)
        self.threads: set[int] = set()
        self.seconds = 0.0

    def load(self, model: Model) -> LoadedModel:
        return SpoiltModel(super().load(model), self._note)

    def _note(self, result: Result) -> Result:
        time.sleep(self.seconds)
        self.threads.add(threading.get_ident())
        return result


def run(out, *, done=frozenset(), selection=None, stop=None, core=20):
    """Run the recipe; return the noted tiles, the rows and the shares that were reported."""
    tiles: list[Tile] = []
    rows: list[int] = []
    shares: list[float] = []
    margin, edge = margin_for(RECIPE.models), edge_for(RECIPE.models)
    plan = (spans(RGB.shape[0], core, margin, edge), spans(RGB.shape[1], core, margin, edge))
    selection = selection or Selection(SETTINGS, [LanczosBackend(SETTINGS)])
    runner = TileRunner(selection, RECIPE, Progress(shares.append), Pace(lambda _: None, {}), stop)
    runner.run(RGB, out, plan, rows.append, done, tiles.append)
    return tiles, rows, shares


def blank(channels=3, dtype=np.uint8):
    return np.zeros((80, 120, channels), dtype)


def test_every_tile_is_noted_in_order_and_rows_from_the_top():
    tiles, rows, shares = run(blank())

    assert tiles == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    assert rows == [0, 20, 40]
    assert shares[0] == 0.0
    assert shares[-1] == pytest.approx(1.0)
    assert len(shares) == 7


def test_tiles_that_are_done_are_left_as_they_are():
    out, again = blank(), blank()
    run(out)
    again[:, :40] = out[:, :40]

    tiles, _, shares = run(again, done={(0, 0), (1, 0)})

    assert tiles == [(0, 1), (0, 2), (1, 1), (1, 2)]
    np.testing.assert_array_equal(again, out)
    assert shares[-1] == pytest.approx(1.0)


def test_levels_fill_the_type_of_the_output():
    shallow, deep = blank(), blank(dtype=np.uint16)
    run(shallow)
    run(deep)

    assert np.abs(deep / 257 - shallow).max() <= 0.5


def test_a_stop_is_heeded():
    with pytest.raises(EngineCanceled):
        run(blank(), stop=lambda: True)


def test_a_stop_within_a_window_is_no_failure_of_the_device():
    selection = Selection(SETTINGS, [PausingBackend(SETTINGS)])
    calls: list[bool] = []

    def stop() -> bool:
        calls.append(True)
        # Asked before the window, and then within it.
        return len(calls) == 2

    with pytest.raises(EngineCanceled):
        run(blank(), selection=selection, stop=stop)

    assert selection.describe()["quarantined"] == []


@pytest.mark.parametrize(
    ("error", "out_of_memory"), [(RuntimeError("device lost"), False), (MemoryError(), True)], ids=repr
)
def test_a_failure_names_the_model_and_says_whether_memory_was_short(error, out_of_memory):
    backend = FailingBackend(error)
    selection = Selection(SETTINGS, [backend])
    # Tested and loaded while it still works.
    selection.load(RECIPE.models[0])
    backend.fails = True

    with pytest.raises(BackendError, match=r"waifu2x-upconv7-photo: (device lost|MemoryError)") as caught:
        run(blank(), selection=selection)

    assert caught.value.out_of_memory is out_of_memory


def test_several_windows_at_once_give_the_same_in_the_same_order():
    alone, together = blank(), blank()
    backend = ManyBackend()
    selection = Selection(SETTINGS, [backend])
    selection.load(MODELS[RECIPE.models[0].name])
    backend.threads.clear()
    stopping_threads = set()

    expected = run(alone)
    tiles, rows, shares = run(
        together, selection=selection, stop=lambda: stopping_threads.add(threading.get_ident())
    )

    np.testing.assert_array_equal(together, alone)
    assert (tiles, rows) == expected[:2]
    assert shares[-1] == pytest.approx(1.0)
    own = threading.get_ident()
    assert backend.threads
    assert own not in backend.threads
    assert stopping_threads == {own}, "a request in a pause runs in the thread of the image"


def test_the_whole_is_reported_where_the_last_window_ends_in_another_thread():
    backend = ManyBackend()
    # Longer than the pauses between two reports.
    backend.seconds = 0.05

    _, _, shares = run(blank(), selection=Selection(SETTINGS, [backend]))

    assert shares[-1] == pytest.approx(1.0)


def test_several_windows_at_once_leave_out_those_that_are_done():
    out, again = blank(), blank()
    run(out)
    again[:, :40] = out[:, :40]

    tiles, _, shares = run(again, done={(0, 0), (1, 0)}, selection=Selection(SETTINGS, [ManyBackend()]))

    assert tiles == [(0, 1), (0, 2), (1, 1), (1, 2)]
    np.testing.assert_array_equal(again, out)
    assert shares[-1] == pytest.approx(1.0)


def test_several_windows_at_once_stop_when_asked_to():
    with pytest.raises(EngineCanceled):
        run(blank(), selection=Selection(SETTINGS, [ManyBackend()]), stop=lambda: True)

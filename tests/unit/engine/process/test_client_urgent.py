"""Urgent images, which the engine upscales between the tiles of another one."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest
from PIL import Image

from tests.unit.engine.process.conftest import REAL, TWICE
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.settings import EngineSettings
from upscaler.errors import DamagedImage, EngineCanceled, EngineCrashed


@pytest.fixture
def many_tiles(start, save, colours, tmp_path):
    """Return an engine that is busy with an image of many tiles, its thread, its reports, and how to cancel it."""
    engine = start(EngineSettings(threads=1, tile_pixels=32))
    engine.warm_up(TWICE)
    source = save("many.png", colours(480, 480))
    reports: list[float | str | BaseException] = []
    begun = threading.Event()
    canceled = threading.Event()

    def progress(share):
        reports.append(share)
        begun.set()

    def work():
        try:
            engine.upscale(
                source, tmp_path / "many", None, TWICE, on_progress=progress, should_stop=canceled.is_set
            )
            reports.append("done")
        except BaseException as error:  # noqa: BLE001 - handed to the test
            reports.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(120)
    yield engine, thread, reports, canceled
    thread.join(120)
    assert not thread.is_alive()


def test_what_is_urgent_is_done_between_the_tiles_of_what_is_not(many_tiles, small, tmp_path):
    engine, thread, reports, _ = many_tiles
    pid = engine.pid
    result = engine.upscale(small, tmp_path / "urgent.png", None, TWICE, urgent=True)
    assert thread.is_alive(), "the other image is still being worked on"
    assert result.width == 64
    thread.join(120)
    assert reports[-1] == "done"
    assert engine.pid == pid
    with Image.open(tmp_path / "many") as image:
        assert image.size == (960, 960)


def test_what_is_urgent_does_not_wait_for_the_end_of_a_long_window(start, save, colours, small, tmp_path):
    engine = start(REAL)
    engine.upscale(small, tmp_path / "loaded", None, TWICE)
    # One window, which x4plus works on for seconds.
    window = save("window.png", colours(128, 128))
    begun = threading.Event()
    finished = threading.Event()

    def work():
        options = UpscaleOptions("4x", model="realesrgan-x4plus")
        engine.upscale(window, tmp_path / "a.png", None, options, on_progress=lambda _: begun.set())
        finished.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(60)
    deadline = time.monotonic() + 60
    while not _upscales(engine, "realesrgan-x4plus") and time.monotonic() < deadline:
        time.sleep(0.01)
    assert engine.upscale(small, tmp_path / "b.png", None, TWICE, urgent=True).width == 64
    assert _upscales(engine, "realesrgan-x4plus"), "the window is still being worked on"
    thread.join(120)
    assert finished.is_set()
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == (512, 512)


def _upscales(engine, name):
    use = engine._child.process.use
    return use is not None and not use["testing"] and name in use["models"]


def test_an_urgent_error_harms_nobody_else(many_tiles, small, tmp_path):
    engine, thread, reports, _ = many_tiles
    broken = tmp_path / "broken.png"
    broken.write_bytes(small.read_bytes()[:60])
    with pytest.raises(DamagedImage):
        engine.upscale(broken, tmp_path / "a", None, TWICE, urgent=True)
    with pytest.raises(EngineCanceled):
        engine.upscale(small, tmp_path / "b", None, TWICE, urgent=True, should_stop=lambda: True)
    thread.join(120)
    assert reports[-1] == "done"


def test_what_is_urgent_fails_when_the_other_job_takes_the_child_along(many_tiles, small, tmp_path):
    engine, thread, reports, canceled = many_tiles
    # It cannot answer, so what is urgent is surely under way when the other is canceled.
    os.kill(engine.pid, signal.SIGSTOP)
    with pytest.raises(EngineCrashed, match="SIGKILL"):
        engine.upscale(
            small, tmp_path / "a", None, TWICE, urgent=True, should_stop=lambda: canceled.set() or False
        )
    thread.join(120)
    assert isinstance(reports[-1], EngineCanceled)
    assert engine.upscale(small, tmp_path / "b", None, TWICE, urgent=True).width == 64


def test_an_idle_child_that_does_not_end_what_is_urgent_is_replaced(start, small, tmp_path, ends):
    engine = start()
    engine.upscale(small, tmp_path / "a", None, TWICE, urgent=True)
    first = engine.pid
    os.kill(first, signal.SIGSTOP)
    with pytest.raises(EngineCanceled):
        engine.upscale(small, tmp_path / "b", None, TWICE, urgent=True, should_stop=lambda: True)
    assert ends(first)
    assert engine.upscale(small, tmp_path / "c", None, TWICE, urgent=True).width == 64

"""The engine in its process: every way it can end, and that the next job works."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.mnn import needs_mnn
from tests.unit.engine.process.conftest import REAL, TWICE
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.process.client import EngineLimits, Previews
from upscaler.engine.settings import EngineSettings
from upscaler.errors import (
    DamagedImage,
    EngineCanceled,
    EngineCrashed,
    EngineOutOfMemory,
    EngineTimeout,
    ResultTooLarge,
)


@pytest.fixture
def large(save):
    """Return an image that keeps the fast engine busy for seconds: noise takes long to encode."""
    noise = np.random.default_rng(4).integers(0, 256, (1400, 1400, 3), np.uint8)
    return save("large.tiff", Image.fromarray(noise))


def test_it_upscales_with_real_models_and_stays_warm(start, small, tmp_path):
    engine = start(REAL)
    shares: list[float] = []
    result = engine.upscale(
        small,
        tmp_path / "a.png",
        Previews(tmp_path / "a.webp", tmp_path / "o.webp"),
        TWICE,
        on_progress=shares.append,
    )
    first = engine.pid
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == (result.width, result.height) == (64, 48)
    with Image.open(tmp_path / "a.webp") as image:
        assert image.size == (64, 48)
    assert json.dumps(result.as_dict())
    assert shares == sorted(shares)
    assert engine.describe()["engine"] in ("openvino", "ncnn")
    engine.upscale(small, tmp_path / "b.png", None, TWICE)
    assert engine.pid == first


@needs_mnn
def test_a_library_that_prints_does_not_disturb_the_messages(start, small, tmp_path):
    engine = start(EngineSettings(engine="mnn", threads=2, cache_dir=str(tmp_path / "cache")))

    result = engine.upscale(small, tmp_path / "a.png", None, TWICE)

    assert (result.width, result.height) == (64, 48)
    assert engine.describe()["engine"] == "mnn"


def test_errors_of_the_image_arrive_as_they_are_and_the_child_stays(start, small, save, tmp_path):
    engine = start()
    broken = tmp_path / "broken.png"
    broken.write_bytes(small.read_bytes()[:60])
    with pytest.raises(DamagedImage):
        engine.upscale(broken, tmp_path / "a", None, TWICE)
    first = engine.pid
    wide = save("wide.png", Image.new("L", (9000, 1)))
    with pytest.raises(ResultTooLarge, match="18000 x 2"):
        engine.upscale(wide, tmp_path / "a", None, UpscaleOptions("2x", output_format="webp"))
    assert engine.pid == first


def while_working(engine, source, target, action):
    """Run an upscaled image in a thread, call ``action`` once it has begun, return what it raised."""
    caught: list[BaseException] = []
    begun = threading.Event()

    def work():
        try:
            engine.upscale(source, target, None, TWICE, on_progress=lambda _: begun.set())
        except BaseException as error:  # noqa: BLE001 - handed to the test
            caught.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(60)
    action()
    thread.join(60)
    assert not thread.is_alive()
    return caught


def test_a_child_that_is_killed_is_reported_and_the_next_job_works(start, large, small, tmp_path):
    engine = start()
    (error,) = while_working(engine, large, tmp_path / "a", lambda: os.kill(engine.pid, signal.SIGKILL))
    assert isinstance(error, EngineCrashed)
    assert "SIGKILL" in error.internal_detail
    assert error.log_tail == engine.log_tail
    assert not (tmp_path / "a").exists()
    assert engine.upscale(small, tmp_path / "b", None, TWICE).width == 64
    assert engine.state["quarantined"] == [], "a killed process says nothing against its device"


def test_a_child_that_dies_between_jobs_is_replaced_silently(start, small, tmp_path):
    engine = start()
    engine.upscale(small, tmp_path / "a", None, TWICE)
    os.kill(engine.pid, signal.SIGKILL)
    while engine.running:
        time.sleep(0.02)
    assert engine.upscale(small, tmp_path / "b", None, TWICE).width == 64


def test_a_canceled_job_ends_without_the_childs_help(start, large, small, tmp_path, ends):
    engine = start()
    engine.upscale(small, tmp_path / "a", None, TWICE)
    first = engine.pid
    answers = iter([False, False, True])

    def should_stop():
        # A child that stands still is the hardest to stop, and cannot finish before it is asked.
        os.kill(first, signal.SIGSTOP)
        return next(answers)

    with pytest.raises(EngineCanceled):
        engine.upscale(large, tmp_path / "b", None, TWICE, should_stop=should_stop)
    assert next(answers, "asked no more") == "asked no more"
    assert ends(first)
    assert not (tmp_path / "b").exists()
    assert engine.upscale(small, tmp_path / "c", None, TWICE).width == 64


def test_a_child_that_stands_still_is_stopped_by_the_clock(start, small, tmp_path, ends):
    engine = start(limits=EngineLimits(timeout_seconds=15, memory_bytes=4 << 30))
    engine.upscale(small, tmp_path / "a", None, TWICE)
    engine._limits = EngineLimits(timeout_seconds=0.6, memory_bytes=4 << 30)
    first = engine.pid
    os.kill(first, signal.SIGSTOP)
    with pytest.raises(EngineTimeout, match=r"0\.6 seconds"):
        engine.upscale(small, tmp_path / "b", None, TWICE)
    assert ends(first)


def test_a_child_that_takes_too_much_memory_is_stopped(start, large, tmp_path):
    engine = start(limits=EngineLimits(timeout_seconds=60, memory_bytes=45 << 20))
    with pytest.raises(EngineOutOfMemory, match="45 MiB"):
        engine.upscale(large, tmp_path / "a", None, TWICE)
    assert not engine.running


def test_an_error_in_a_listener_stops_the_work_and_the_next_job_works(start, large, small, tmp_path):
    engine = start()

    def lost_the_lease(_):
        raise RuntimeError("lease lost")

    with pytest.raises(RuntimeError, match="lease lost"):
        engine.upscale(large, tmp_path / "a", None, TWICE, on_progress=lost_the_lease)
    assert not engine.running
    assert engine.upscale(small, tmp_path / "b", None, TWICE).width == 64


def test_threads_take_turns(start, small, tmp_path):
    engine = start()
    widths: list[int] = []

    def work(index):
        widths.append(engine.upscale(small, tmp_path / f"{index}", None, TWICE).width)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert widths == [64] * 4


def test_closing_ends_a_warm_child_within_two_seconds(start, small, tmp_path):
    engine = start(REAL)
    engine.warm_up(TWICE)
    started = time.monotonic()
    engine.close()
    assert time.monotonic() - started < 2
    assert not engine.running


def test_the_child_does_not_outlive_a_killed_parent(parent, large, tmp_path, ends):
    code = f"""
from pathlib import Path
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.process.client import EngineLimits, EngineProcess
from upscaler.engine.settings import EngineSettings
folder = Path({str(tmp_path)!r})
folders = [Path({str(large.parent)!r})]
engine = EngineProcess(EngineSettings(engine="lanczos"), EngineLimits(60, 4 << 30), folder, folders)
engine.upscale(Path({str(large)!r}), folder / "x", None, UpscaleOptions("2x"),
               on_progress=lambda _: print(engine.pid, flush=True))
"""
    process = parent(code)
    child = int(process.stdout.readline())
    process.kill()
    assert ends(child, 3)


def test_what_native_code_prints_does_not_break_the_protocol(start, small, tmp_path):
    engine = start()
    engine.upscale(small, tmp_path / "a", None, TWICE)
    descriptors = Path(f"/proc/{engine.pid}/fd")
    assert (descriptors / "1").readlink() == (descriptors / "2").readlink()
    assert engine.upscale(small, tmp_path / "b", None, TWICE).width == 64

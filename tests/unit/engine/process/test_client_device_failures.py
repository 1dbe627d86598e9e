"""Devices that end the engine's process, or hang it: the image goes on with the next one."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.vulkan import software_device_or_skip
from upscaler.engine.notes import Note
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.process import supervision
from upscaler.engine.process.client import EngineLimits, EngineProcess
from upscaler.engine.settings import EngineSettings
from upscaler.errors import EngineCrashed

LIMITS = EngineLimits(timeout_seconds=240, memory_bytes=4 << 30)
TWICE = UpscaleOptions("2x", "standard")
LANCZOS = EngineSettings(engine="lanczos", threads=1)


@pytest.fixture
def image(save, colours) -> Path:
    return save("image.png", colours(160, 120))


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[EngineSettings], EngineProcess]]:
    started: list[EngineProcess] = []
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    def begin(settings: EngineSettings) -> EngineProcess:
        started.append(EngineProcess(settings, LIMITS, scratch, [tmp_path]))
        return started[-1]

    yield begin
    for engine in started:
        engine.close()
    assert list(scratch.iterdir()) == []


@contextmanager
def struck(engine: EngineProcess, sent: signal.Signals, device: str, *, testing: bool) -> Iterator[list[int]]:
    """Send a signal to each child, once, in which a device is at work; give the children's ids."""
    hit: list[int] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.002):
            child = engine._child.process
            use = child.use if child is not None else None
            if use and device in use["device"] and use["testing"] == testing and child.pid not in hit:
                hit.append(child.pid)
                os.kill(child.pid, sent)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield hit
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize("sent", [signal.SIGSEGV, signal.SIGABRT])
def test_an_image_goes_on_on_the_next_device(start, image, tmp_path, sent):
    engine = start(EngineSettings(threads=1, gpu_index=software_device_or_skip()))
    shares: list[float] = []
    with struck(engine, sent, "llvmpipe", testing=False) as hit:
        result = engine.upscale(image, tmp_path / "a.png", None, TWICE, on_progress=shares.append)

    assert (result.width, result.height) == (320, 240)
    assert shares == sorted(shares)
    attempts = result.receipt["attempts"]
    assert [(one["engine"], one["precision"]) for one in attempts[:2]] == [("ncnn", "fp16"), ("ncnn", "fp32")]
    assert {one["reason"] for one in attempts[:2]} == {f"the process ended with {sent.name}"}
    assert attempts[2]["reason"] is None
    assert "llvmpipe" not in attempts[2]["device"]
    assert Note("attempts_failed", {"count": 2}).as_dict() in result.receipt["changed"]
    held = engine.state["quarantined"]
    assert [one["precision"] for one in held] == ["fp16", "fp32"]
    assert all(one["models"] == ["waifu2x-upconv7-photo"] for one in held)

    again = engine.upscale(image, tmp_path / "b.png", None, TWICE)
    assert engine.pid not in hit
    assert len(again.receipt["attempts"]) == 1, "what ended a process is not used again at once"


def test_a_device_that_ends_the_process_in_its_test_is_left_out(start, image, tmp_path):
    engine = start(EngineSettings(threads=1, gpu_index=software_device_or_skip()))
    with struck(engine, signal.SIGSEGV, "llvmpipe", testing=True):
        engine.warm_up(TWICE)
    assert "llvmpipe" not in engine.describe()["device"]
    held = engine.state["quarantined"]
    assert [one["precision"] for one in held] == ["fp16", "fp32"]
    assert all("llvmpipe" in one["device"] for one in held)
    assert engine.upscale(image, tmp_path / "a.png", None, TWICE).width == 320


def test_a_device_that_hangs_in_its_test_is_left_out(start, image, tmp_path, monkeypatch):
    # A sound device that takes longer, beside other tests, is left out as well: the next one does it.
    monkeypatch.setattr(supervision, "_TEST_SECONDS", 8.0)
    engine = start(EngineSettings(threads=1, gpu_index=software_device_or_skip()))
    with struck(engine, signal.SIGSTOP, "llvmpipe", testing=True):
        result = engine.upscale(image, tmp_path / "a.png", None, TWICE)
    assert {one["reason"] for one in result.receipt["attempts"][:-1]} == {"a test took more than 8 s"}
    assert "llvmpipe" not in result.receipt["backend"]["device"]


def test_where_no_device_is_left_the_job_fails_and_the_next_one_works(start, image, tmp_path):
    engine = start(LANCZOS)
    with struck(engine, signal.SIGSEGV, "", testing=False) as hit, pytest.raises(EngineCrashed) as crash:
        engine.upscale(image, tmp_path / "a.png", None, TWICE)
    assert len(hit) == 2, "it is tested and used once more: an image may be to blame"
    assert "SIGSEGV" in crash.value.internal_detail
    assert "Fatal Python error" in crash.value.log_tail, "the log says where it happened"
    assert not (tmp_path / "a.png").exists()

    assert engine.upscale(image, tmp_path / "b.png", None, TWICE).width == 320
    assert engine.state["quarantined"] == []


def test_what_failed_is_known_to_the_process_that_follows_a_killed_one(start, image, tmp_path):
    engine = start(EngineSettings(threads=1, gpu_index=software_device_or_skip()))
    with struck(engine, signal.SIGSEGV, "llvmpipe", testing=True):
        engine.warm_up(TWICE)
    known = engine.state["quarantined"]
    first = engine.pid
    os.kill(first, signal.SIGKILL)
    while engine.running:
        time.sleep(0.02)

    assert len(engine.upscale(image, tmp_path / "a.png", None, TWICE).receipt["attempts"]) == 1
    assert engine.pid != first
    assert engine.state["quarantined"] == known

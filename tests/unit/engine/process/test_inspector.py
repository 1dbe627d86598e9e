from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from upscaler.engine.imaging.inspection import InspectionLimits, inspect_image
from upscaler.engine.process.cage import landlock
from upscaler.engine.process.inspector import Inspector
from upscaler.errors import (
    DamagedImage,
    ServiceBusy,
    ServiceUnavailable,
    TooComplexImage,
    TooManyPixels,
    UnsupportedImage,
)


@pytest.fixture
def inspector(tmp_path):
    inspector = Inspector(tmp_path)
    yield inspector
    inspector.close()


def test_it_says_the_same_as_a_look_in_this_process(inspector, limits, save, colours):
    path = save("a.png", colours(30, 20))
    assert inspector.inspect(path, limits, "a.png") == inspect_image(path, limits, "a.png")


def test_errors_arrive_with_their_class_and_values_and_the_child_stays(inspector, limits, save, colours):
    path = save("a.png", colours(30, 20))
    with pytest.raises(UnsupportedImage, match="camera"):
        inspector.inspect(save("a.tiff", colours(30, 20)), limits, "a.dng")
    first = inspector.pid
    with pytest.raises(TooManyPixels, match="30 x 20"):
        inspector.inspect(path, InspectionLimits(limits.allowed_mimes, 25, 10**6))
    assert inspector.pid == first


def test_a_killed_child_costs_at_most_one_image(inspector, limits, save, colours, ends):
    path = save("a.png", colours(30, 20))
    inspector.inspect(path, limits)
    first = inspector.pid
    os.kill(first, signal.SIGKILL)
    assert ends(first)
    # Its threads may take a moment longer than its main one, and it is gone when they are.
    while inspector.pid is not None:
        time.sleep(0.01)
    assert inspector.inspect(path, limits).width == 30
    assert inspector.pid != first


def test_a_child_that_hangs_is_killed_and_replaced(limits, save, colours, ends, tmp_path):
    inspector = Inspector(tmp_path, timeout_seconds=0.5)
    try:
        path = save("a.png", colours(30, 20))
        inspector.inspect(path, limits)
        first = inspector.pid
        os.kill(first, signal.SIGSTOP)
        with pytest.raises(ServiceBusy):
            inspector.inspect(path, limits)
        assert ends(first)
        assert inspector.inspect(path, limits).width == 30
    finally:
        inspector.close()


def test_a_file_that_takes_too_much_processor_time_is_refused(inspector, limits, save, colours):
    path = save("a.png", colours(30, 20))
    inspector.inspect(path, limits)
    os.kill(inspector.pid, signal.SIGSTOP)
    # What the kernel does at the limit.
    os.kill(inspector.pid, signal.SIGXCPU)
    threading.Timer(0.3, os.kill, (inspector.pid, signal.SIGCONT)).start()
    with pytest.raises(TooComplexImage):
        inspector.inspect(path, limits)
    assert inspector.inspect(path, limits).width == 30


def test_the_processor_time_of_a_file_is_limited(inspector, limits, save, colours):
    for side in (30, 3000):
        inspector.inspect(save("a.png", colours(side, 30)), limits)
        soft = int(Path(f"/proc/{inspector.pid}/limits").read_text().split("Max cpu time")[1].split()[0])
        used = psutil.Process(inspector.pid).cpu_times()
        assert used.user + used.system < soft <= used.user + used.system + 5.2 + 1


def test_an_image_that_needs_too_much_memory_is_refused_and_the_child_lives(limits, save, tmp_path):
    inspector = Inspector(tmp_path, memory_bytes=160 << 20)
    try:
        small, large = (
            save(f"{side}.png", Image.new("L", (side, side)), compress_level=1) for side in (50, 12_000)
        )
        generous = InspectionLimits(limits.allowed_mimes, 20_000, 10**9)
        inspector.inspect(small, generous)
        first = inspector.pid
        with pytest.raises(DamagedImage):
            inspector.inspect(large, generous)
        assert inspector.inspect(small, generous).width == 50
        assert inspector.pid == first
    finally:
        inspector.close()


def test_a_child_that_cannot_start_is_not_the_images_fault(inspector, limits, save, colours, monkeypatch):
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(ServiceUnavailable):
        inspector.inspect(save("a.png", colours(3, 3)), limits)
    assert inspector.pid is None


def test_the_child_sees_no_secrets(inspector, limits, save, colours, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "hidden")
    inspector.inspect(save("a.png", colours(3, 3)), limits)
    with open(f"/proc/{inspector.pid}/environ", "rb") as environment:  # noqa: PTH123 - reads as the system call it is
        assert b"hidden" not in environment.read()


def test_the_child_has_one_thread_on_any_number_of_processors(inspector, limits, save, colours):
    inspector.inspect(save("a.png", colours(3, 3)), limits)
    assert len(list(Path(f"/proc/{inspector.pid}/task").iterdir())) == 1


def test_the_child_loads_nothing_heavy(inspector, limits, save, colours):
    inspector.inspect(save("a.png", colours(3, 3)), limits)
    with open(f"/proc/{inspector.pid}/maps") as maps:  # noqa: PTH123 - reads as the system call it is
        loaded = maps.read()
    for library in ("openvino", "ncnn", "vips", "imagecodecs"):
        assert library not in loaded


def test_threads_may_share_it(inspector, limits, save):
    paths = [save(f"{width}.png", np.zeros((4, width, 3), np.uint8)) for width in range(1, 13)]
    widths: dict[int, int] = {}

    def look(width, path):
        widths[width] = inspector.inspect(path, limits).width

    threads = [threading.Thread(target=look, args=(index + 1, path)) for index, path in enumerate(paths)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert widths == {width: width for width in range(1, 13)}


def test_closing_ends_the_child_and_a_later_call_starts_another(inspector, limits, save, colours, ends):
    path = save("a.png", colours(3, 3))
    inspector.inspect(path, limits)
    first = inspector.pid
    inspector.close()
    assert ends(first)
    assert inspector.inspect(path, limits).width == 3


def test_a_folder_that_was_removed_and_made_again_is_read_by_a_new_child(tmp_path, limits, colours):
    folder = tmp_path / "received"
    folder.mkdir()
    inspector = Inspector(folder)
    try:
        children = set()
        for _ in range(2):
            Image.fromarray(colours(30, 20)).save(folder / "a.png")
            assert inspector.inspect(folder / "a.png", limits).width == 30
            children.add(inspector.pid)
            shutil.rmtree(folder)
            folder.mkdir()
        assert len(children) == 2
    finally:
        inspector.close()


def test_it_tells_what_holds_of_its_cage(inspector):
    holds = inspector.confinement()
    assert holds.files == landlock.version()
    assert set(holds.lacking) <= {"Landlock", "seccomp", "namespaces"}

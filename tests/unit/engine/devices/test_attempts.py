"""A job whose backends fail: other precision, smaller tiles, other device; and the attempts in its receipt."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage import data

from tests.support.clock import Clock
from tests.support.faulty_backends import FAULTS, Fault, FaultyBackend, WrappingBackend, raises, raises_above
from upscaler.engine.backends.base import Result, Window
from upscaler.engine.backends.ncnn import NcnnCpuBackend
from upscaler.engine.backends.selection import Selection
from upscaler.engine.devices.attempts import Attempt, AttemptLog
from upscaler.engine.devices.quarantine import Device, Quarantine
from upscaler.engine.notes import Note
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.pipeline import Engine, upscale_file
from upscaler.engine.settings import EngineSettings
from upscaler.engine.tiling.scratch import Scratch
from upscaler.engine.tiling.upscaler import Upscaler
from upscaler.errors import EngineError

OPTIONS = UpscaleOptions("2x")
SIDE = 160


@pytest.fixture
def source(save: Callable[..., Path]) -> Path:
    return save("in.png", np.ascontiguousarray(data.coffee()[100 : 100 + SIDE, 150 : 150 + SIDE]))


@pytest.fixture
def run(source: Path, tmp_path: Path) -> Callable[[Upscaler], dict[str, Any]]:
    """Return what upscales the image and returns the receipt."""

    def upscale(upscaler: Upscaler) -> dict[str, Any]:
        target = tmp_path / "out.png"
        return upscale_file(
            source, target, None, OPTIONS, Engine(upscaler), scratch=Scratch(tmp_path)
        ).receipt

    return upscale


def _upscaler(backends: Iterable[Any], clock: Clock | None = None, **settings: Any) -> Upscaler:
    chosen = EngineSettings(threads=1, **settings)
    return Upscaler(chosen, Selection(chosen, list(backends), quarantine=Quarantine(clock or Clock())))


def _attempts(receipt: dict[str, Any]) -> list[tuple[str, str, int | None, bool]]:
    return [
        (one["device"], one["precision"], one["tile"], one["reason"] is None) for one in receipt["attempts"]
    ]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_other_precision_then_smaller_tiles_then_another_device(
    run: Callable[[Upscaler], dict[str, Any]], fault: Fault
) -> None:
    backends = [
        FaultyBackend("GPU", "fp16", fault),
        FaultyBackend("GPU", "fp32", fault),
        FaultyBackend("processor", "fp32"),
    ]

    receipt = run(_upscaler(backends))

    assert _attempts(receipt) == [
        ("GPU", "fp16", SIDE, False),
        ("GPU", "fp32", SIDE, False),
        ("GPU", "fp32", SIDE // 2, False),
        ("processor", "fp32", SIDE, True),
    ]
    assert receipt["backend"]["device"] == "processor"
    held = [(one["device"], one["precision"]) for one in receipt["backend"]["quarantined"]]
    assert held == [("GPU", "fp16"), ("GPU", "fp32")]
    assert Note("attempts_failed", {"count": 3}).as_dict() in receipt["changed"]


def test_an_attempt_that_worked_at_once_is_the_only_one(run: Callable[[Upscaler], dict[str, Any]]) -> None:
    receipt = run(_upscaler([FaultyBackend("GPU", "fp16")]))

    assert receipt["attempts"] == [
        {"engine": "test", "device": "GPU", "precision": "fp16", "tile": SIDE, "reason": None}
    ]
    assert receipt["changed"] == []


def test_one_shifted_tile_is_found_and_another_backend_makes_the_image(
    run: Callable[[Upscaler], dict[str, Any]], tmp_path: Path
) -> None:
    def shifted(result: Result, _: Window) -> Result:
        return result + 6 if broken.windows == 6 else result

    broken = FaultyBackend("GPU", "fp32", shifted)
    receipt = run(_upscaler([broken, FaultyBackend("processor", "fp32")], tile_pixels=56))

    assert _attempts(receipt)[0] == ("GPU", "fp32", 54, False)
    assert "step between tiles" in receipt["attempts"][0]["reason"]
    assert _attempts(receipt)[-1] == ("processor", "fp32", 54, True)
    result = np.asarray(Image.open(tmp_path / "out.png"))
    run(_upscaler([FaultyBackend("processor", "fp32")], tile_pixels=56))
    np.testing.assert_array_equal(result, np.asarray(Image.open(tmp_path / "out.png")))


@pytest.mark.parametrize(
    "error",
    [MemoryError(), RuntimeError("std::bad_alloc"), RuntimeError("vkAllocateMemory: out of memory")],
    ids=repr,
)
def test_a_lack_of_memory_makes_the_tiles_smaller_and_blames_no_device(
    run: Callable[[Upscaler], dict[str, Any]], error: Exception
) -> None:
    upscaler = _upscaler(
        [FaultyBackend("GPU", "fp16", raises_above(64, error)), FaultyBackend("GPU", "fp32")]
    )

    first, second = run(upscaler), run(upscaler)

    assert _attempts(first) == [
        ("GPU", "fp16", 160, False),
        ("GPU", "fp16", 80, False),
        ("GPU", "fp16", 40, True),
    ]
    assert first["backend"]["quarantined"] == []
    # It is not asked for as much again.
    assert _attempts(second) == [("GPU", "fp16", 40, True)]


def test_a_device_without_memory_for_the_smallest_tile_is_left(
    run: Callable[[Upscaler], dict[str, Any]],
) -> None:
    upscaler = _upscaler([FaultyBackend("GPU", "fp16", raises(MemoryError())), FaultyBackend("CPU", "fp32")])

    assert _attempts(run(upscaler)) == [
        ("GPU", "fp16", 160, False),
        ("GPU", "fp16", 80, False),
        ("GPU", "fp16", 40, False),
        ("CPU", "fp32", 160, True),
    ]


def test_a_device_comes_back_once_it_passes_its_test_and_not_before(
    run: Callable[[Upscaler], dict[str, Any]],
) -> None:
    clock = Clock()
    broken = FaultyBackend("GPU", "fp16", FAULTS["black"], fails_test=True)
    upscaler = _upscaler([broken, FaultyBackend("processor", "fp32")], clock)

    def device() -> str:
        return str(run(upscaler)["backend"]["device"])

    assert device() == "processor"
    seen = broken.windows
    clock.now += 590
    assert device() == "processor"
    assert broken.windows == seen, "it was not asked before its time"
    clock.now += 11
    assert device() == "processor"
    assert broken.windows == seen + 1, "it was tested, and failed"
    broken.fault = None
    clock.now += 1190
    assert device() == "processor"
    clock.now += 11
    assert device() == "GPU"
    assert upscaler.state()["quarantined"] == []


def test_a_job_finds_a_backend_after_one_that_every_backend_failed(
    run: Callable[[Upscaler], dict[str, Any]],
) -> None:
    backends = [FaultyBackend("GPU", "fp16", FAULTS["black"]), FaultyBackend("CPU", "fp32", FAULTS["black"])]
    upscaler = _upscaler(backends)
    with pytest.raises(EngineError):
        run(upscaler)
    for backend in backends:
        backend.fault = None

    receipt = run(upscaler)

    assert _attempts(receipt) == [("GPU", "fp16", SIDE, True)]
    assert [held["device"] for held in receipt["backend"]["quarantined"]] == ["CPU"]


def test_a_job_in_the_pause_of_another_has_attempts_of_its_own(
    run: Callable[[Upscaler], dict[str, Any]], source: Path, tmp_path: Path
) -> None:
    upscaler = _upscaler([FaultyBackend("GPU", "fp16", FAULTS["black"]), FaultyBackend("CPU", "fp32")])
    inner: list[dict[str, Any]] = []

    def pause() -> bool:
        if not inner:
            inner.append({})
            inner[0] = run(upscaler)
        return False

    outer = upscale_file(
        source,
        tmp_path / "outer.png",
        None,
        OPTIONS,
        Engine(upscaler),
        should_stop=pause,
        scratch=Scratch(tmp_path),
    ).receipt

    assert [one[3] for one in _attempts(inner[0])] == [False, False, True]
    assert _attempts(outer) == [("CPU", "fp32", SIDE, True)]


def test_a_job_in_the_pause_of_another_does_not_bring_a_device_back(
    run: Callable[[Upscaler], dict[str, Any]], source: Path, tmp_path: Path
) -> None:
    clock = Clock()
    card = FaultyBackend("GPU", "fp16", FAULTS["black"])
    upscaler = _upscaler([card, FaultyBackend("CPU", "fp32")], clock)
    run(upscaler)
    engine, devices = Engine(upscaler), []

    def job(name: str, **more: Any) -> str:
        target = tmp_path / name
        result = upscale_file(source, target, None, OPTIONS, engine, scratch=Scratch(tmp_path), **more)
        return str(result.receipt["backend"]["device"])

    def pause() -> bool:
        if not devices:
            devices.append("")
            card.fault = None
            clock.now += 601
            devices[0] = job("inner.png")
        return False

    outer = job("outer.png", should_stop=pause)

    assert (outer, devices) == ("CPU", ["CPU"])
    assert job("next.png") == "GPU"


def test_a_log_goes_on_from_the_attempts_of_another_process() -> None:
    earlier = Attempt("ncnn", "GPU", "fp16", None, "the process ended with SIGSEGV")
    log = AttemptLog([earlier])

    log.note(Device("ncnn", "GPU", "fp32"), 160, "device lost")

    assert log.failed == (earlier, Attempt("ncnn", "GPU", "fp32", 160, "device lost"))


def test_a_backend_of_real_models_that_fails_its_golden_test_makes_no_image(
    run: Callable[[Upscaler], dict[str, Any]],
) -> None:
    settings = EngineSettings(threads=1)

    receipt = run(_upscaler([WrappingBackend(settings, "fp32"), NcnnCpuBackend(settings)]))

    assert [(one["engine"], one["tile"]) for one in receipt["attempts"]] == [
        ("wrapping", None),
        ("ncnn", SIDE),
    ]
    assert "self-test" in receipt["attempts"][0]["reason"]
    assert receipt["backend"]["quarantined"][0]["engine"] == "wrapping"
